package host

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// playEnv is set for a copy of this test binary that plays a part in a test.
const playEnv = "TCPTUNE_TEST_PLAY"

// rerun runs the named test once more in a copy of this binary, which finds the part to play in playEnv.
func rerun(t *testing.T, part string, attr *syscall.SysProcAttr) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), playEnv+"="+part)
	cmd.SysProcAttr = attr
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("as %q: %v\n%s", part, err, out)
	}
}

// forbid makes a system call ENOSYS for this whole process, as a kernel does that is older than the call.
func forbid(t *testing.T, call uint32) {
	t.Helper()
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}, // the number of the call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: call, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, err := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if err != 0 {
		t.Fatal("the kernel takes no seccomp filter here: ", err)
	}
}

// holder is another process with one socket that listens, and that does as it is told.
type holder struct {
	t             *testing.T
	cmd           *exec.Cmd
	in            io.WriteCloser
	out           *bufio.Reader
	tid, fd       int
	inode, cookie uint64
}

func startHolder(t *testing.T, part string) *holder {
	t.Helper()
	h := &holder{t: t, cmd: exec.Command("/proc/self/exe", "-test.run=^$")}
	h.cmd.Env = append(os.Environ(), playEnv+"="+part)
	h.cmd.Stderr = os.Stderr
	var err error
	if h.in, err = h.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	h.out = bufio.NewReader(out)
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = h.cmd.Process.Kill(), h.cmd.Wait() })
	if _, err := fmt.Fscanln(h.out, &h.tid, &h.fd, &h.inode, &h.cookie); err != nil || h.cookie == 0 {
		t.Fatal("the holder did not start: ", err)
	}
	return h
}

// tell has the holder obey, and comes back when it has.
func (h *holder) tell(order string) {
	h.t.Helper()
	if _, err := fmt.Fprintln(h.in, order); err != nil {
		h.t.Fatal(err)
	}
	if said, err := h.out.ReadString('\n'); err != nil || said != order+"\n" {
		h.t.Fatalf("told to %s, it said %q, %v", order, said, err)
	}
}

func (h *holder) open() *Process {
	h.t.Helper()
	p, err := Host{}.OpenProcess(h.cmd.Process.Pid)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = p.Close() })
	return p
}

// The main thread is only ours while packages are initialised: a test runs on any thread.
var _ = playHolder(os.Getenv(playEnv))

func playHolder(part string) bool {
	switch part {
	case "holder":
		holdSocket()
	case "holder in a thread", "holder behind a zombie":
		go func() {
			runtime.LockOSThread()
			holdSocket()
		}()
		if part == "holder behind a zombie" {
			_, _, _ = syscall.Syscall(syscall.SYS_EXIT, 0, 0, 0) // of this thread alone
		}
		select {}
	case "holder with a table of its own":
		go func() {
			runtime.LockOSThread()
			if err := unix.Unshare(unix.CLONE_FILES); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			holdSocket()
		}()
		select {}
	}
	return true
}

func holdSocket() {
	fd, other := mustListen(), mustListen()
	var st unix.Stat_t
	_ = unix.Fstat(fd, &st)
	cookie, _ := unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_COOKIE)
	fmt.Println(unix.Gettid(), fd, st.Ino, cookie)
	orders := bufio.NewScanner(os.Stdin)
	for orders.Scan() {
		var err error
		switch orders.Text() {
		case "close":
			err = unix.Close(fd)
		case "replace":
			err = unix.Dup3(other, fd, unix.O_CLOEXEC)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(orders.Text())
	}
	os.Exit(0)
}

func mustListen() int {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	if err == nil {
		err = unix.Listen(fd, 1)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return fd
}

// withAndWithoutPidfd runs the test on this kernel, and on one whose pidfd_open(2) is missing.
func withAndWithoutPidfd(t *testing.T, test func(t *testing.T, pinned bool)) {
	if os.Getenv(playEnv) == "no pidfd" {
		forbid(t, unix.SYS_PIDFD_OPEN)
		test(t, false)
		return
	}
	test(t, true)
	rerun(t, "no pidfd", nil)
}

func TestProcessEndsByItsSignal(t *testing.T) {
	t.Parallel()
	withAndWithoutPidfd(t, func(t *testing.T, pinned bool) {
		h := startHolder(t, "holder")
		p := h.open()
		if p.Pid() != h.cmd.Process.Pid || p.Pinned() != pinned || !p.Alive() {
			t.Fatalf("pid %d, pinned %v, alive %v", p.Pid(), p.Pinned(), p.Alive())
		}
		if err := p.Signal(0); err != nil {
			t.Errorf("signal 0: %v", err)
		}
		short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if err := p.Wait(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it lives, and waiting ends with %v", err)
		}
		if err := p.Signal(unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := p.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		// Nobody has reaped it: it is a zombie, and has exited all the same.
		gone := func(when string) {
			if p.Alive() || p.Wait(short) != nil {
				t.Errorf("%s: alive %v, waiting ends with %v", when, p.Alive(), p.Wait(short))
			}
			want := fmt.Sprintf("cannot send SIGTERM to process %d: process %[1]d does not exist", p.Pid())
			if err := p.Signal(unix.SIGTERM); !errors.Is(err, fs.ErrNotExist) || err.Error() != want {
				t.Errorf("%s: got %v, want %s", when, err, want)
			}
			if holds, err := p.HoldsSocket(h.tid, h.fd, h.inode, h.cookie); holds || err != nil {
				t.Errorf("%s: holds %v, %v", when, holds, err)
			}
		}
		gone("a zombie")
		zombie := h.open()
		if zombie.Start() != p.Start() || zombie.Alive() {
			t.Errorf("a zombie opened: start %d, want %d; alive %v", zombie.Start(), p.Start(), zombie.Alive())
		}
		_ = h.cmd.Wait()
		if h.cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != unix.SIGTERM {
			t.Errorf("it ended by %v", h.cmd.ProcessState)
		}
		gone("reaped")
	})
}

// TestProcessIsNotTheNextOneOfItsNumber lets the kernel give the number of a dead process to another one.
func TestProcessIsNotTheNextOneOfItsNumber(t *testing.T) {
	t.Parallel()
	part := os.Getenv(playEnv)
	if part == "" {
		if testing.Short() || os.Geteuid() != 0 {
			t.Skip("needs root for a PID namespace, and a second")
		}
		for _, part := range []string{"pidfd", "no pidfd"} {
			rerun(t, part, &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS})
		}
		return
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		t.Fatal(err)
	}
	if part == "no pidfd" {
		forbid(t, unix.SYS_PIDFD_OPEN)
	}
	socket := os.NewFile(uintptr(listenSocket(t)), "socket") // both hold it as descriptor 3
	sleep := func() *exec.Cmd {
		cmd := exec.Command("/bin/sleep", "60")
		cmd.ExtraFiles = []*os.File{socket}
		return cmd
	}
	inode := socketInode(t, int(socket.Fd()))
	victim := sleep()
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	p, err := Host{}.OpenProcess(victim.Process.Pid)
	if err != nil || p.Pinned() != (part == "pidfd") {
		t.Fatal(p, err)
	}
	if holds, err := p.HoldsSocket(p.Pid(), 3, inode, 0); !holds || err != nil {
		t.Errorf("the first process holds the socket: %v, %v", holds, err)
	}
	if err := p.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait()
	time.Sleep(30 * time.Millisecond) // the start time is in steps of 10 ms

	for range 100 { // a thread of ours may take the number first
		if err := os.WriteFile("/proc/sys/kernel/ns_last_pid", []byte(itoa(p.Pid()-1)), 0); err != nil {
			t.Fatal(err)
		}
		bystander := sleep()
		if err := bystander.Start(); err != nil {
			t.Fatal(err)
		}
		if bystander.Process.Pid != p.Pid() {
			_, _ = bystander.Process.Kill(), bystander.Wait()
			continue
		}
		if err := p.Signal(unix.SIGKILL); !errors.Is(err, fs.ErrNotExist) || p.Alive() || p.Wait(t.Context()) != nil {
			t.Errorf("the next process of this number is taken for the first: %v, alive %v", err, p.Alive())
		}
		if holds, err := p.HoldsSocket(p.Pid(), 3, inode, 0); holds || err != nil {
			t.Errorf("what the next process holds is the first one's: %v, %v", holds, err)
		}
		next, err := Host{}.OpenProcess(p.Pid())
		if err != nil || next.Start() <= p.Start() || !next.Alive() {
			t.Errorf("the next process was hit: %v", err)
		} else if holds, err := next.HoldsSocket(p.Pid(), 3, inode, 0); !holds || err != nil {
			t.Errorf("the next process holds the socket: %v, %v", holds, err)
		}
		_, _ = bystander.Process.Kill(), bystander.Wait()
		return
	}
	t.Error("the number was not given again")
}

func TestProcessHoldsSocket(t *testing.T) {
	withAndWithoutPidfd(t, func(t *testing.T, pinned bool) {
		holds := func(p *Process, tid, fd int, inode, cookie uint64) bool {
			t.Helper()
			before := openFiles(t)
			holds, err := p.HoldsSocket(tid, fd, inode, cookie)
			if err != nil {
				t.Errorf("holds: %v", err)
			}
			if after := openFiles(t); after != before {
				t.Errorf("%d descriptors of ours before, %d after", before, after)
			}
			return holds
		}
		h := startHolder(t, "holder")
		p := h.open()
		for _, test := range []struct {
			name          string
			tid, fd       int
			inode, cookie uint64
			want          bool
		}{
			{"all of it", h.tid, h.fd, h.inode, h.cookie, true},
			{"a cookie that is not known", h.tid, h.fd, h.inode, 0, true},
			{"another cookie", h.tid, h.fd, h.inode, h.cookie + 1, !pinned},
			{"another inode", h.tid, h.fd, h.inode + 1, h.cookie, false},
			{"a file that is no socket", h.tid, 0, h.inode, h.cookie, false},
			{"a descriptor that is not open", h.tid, 999, h.inode, h.cookie, false},
			{"a descriptor that cannot be", h.tid, -1, h.inode, h.cookie, false},
			{"a thread of another process", os.Getpid(), h.fd, h.inode, h.cookie, false},
			{"a thread that does not exist", 1 << 30, h.fd, h.inode, h.cookie, false},
			{"no thread", 0, h.fd, h.inode, h.cookie, false},
		} {
			if got := holds(p, test.tid, test.fd, test.inode, test.cookie); got != test.want {
				t.Errorf("%s: %v, want %v", test.name, got, test.want)
			}
		}
		h.tell("replace")
		if holds(p, h.tid, h.fd, h.inode, h.cookie) {
			t.Error("another socket has the descriptor, and it holds the first one")
		}

		h = startHolder(t, "holder")
		p = h.open()
		h.tell("close")
		if holds(p, h.tid, h.fd, h.inode, h.cookie) {
			t.Error("it has closed the socket, and holds it")
		}
	})
}

// TestHoldsSocketOfThreads is about threads that are not the first one.
func TestHoldsSocketOfThreads(t *testing.T) {
	t.Parallel()
	h := startHolder(t, "holder in a thread")
	p := h.open()
	for _, tid := range []int{h.tid, p.Pid()} { // they share their descriptors
		if holds, err := p.HoldsSocket(tid, h.fd, h.inode, h.cookie); !holds || err != nil {
			t.Errorf("thread %d of %d: %v, %v", tid, p.Pid(), holds, err)
		}
	}

	h = startHolder(t, "holder with a table of its own")
	p = h.open()
	if holds, err := p.HoldsSocket(h.tid, h.fd, h.inode, h.cookie); !holds || err != nil {
		t.Errorf("in the table of the thread: %v, %v", holds, err)
	}
	if holds, err := p.HoldsSocket(p.Pid(), h.fd, h.inode, h.cookie); holds || err != nil {
		t.Errorf("in the table of the first thread: %v, %v", holds, err)
	}
}

// TestProcessBehindAZombie is about a process whose first thread has exited while another one serves on.
func TestProcessBehindAZombie(t *testing.T) {
	t.Parallel()
	withAndWithoutPidfd(t, func(t *testing.T, pinned bool) {
		h := startHolder(t, "holder behind a zombie")
		if h.tid == h.cmd.Process.Pid {
			t.Fatal("the socket is held by the first thread")
		}
		waitFor(t, "the zombie", func() bool {
			stat, err := readProcStat(h.cmd.Process.Pid)
			return err == nil && stat.state == 'Z' && stat.threads > 1
		})
		p := h.open()
		if p.Pinned() != pinned || !p.Alive() {
			t.Errorf("pinned %v, alive %v", p.Pinned(), p.Alive())
		}
		if err := p.Signal(0); err != nil {
			t.Error(err)
		}
		for _, test := range []struct {
			name   string
			tid    int
			cookie uint64
			want   bool
		}{
			{"the living thread", h.tid, h.cookie, true},
			{"the living thread, another cookie", h.tid, h.cookie + 1, !pinned || !offersThreads(h.tid)},
			{"the zombie", p.Pid(), h.cookie, false},
		} {
			holds, err := p.HoldsSocket(test.tid, h.fd, h.inode, test.cookie)
			if test.name == "the zombie" && os.Geteuid() != 0 && errors.Is(err, os.ErrPermission) {
				err = nil // the kernel gives what is left of a process to root (task_dump_owner in fs/proc/base.c)
			}
			if holds != test.want || err != nil {
				t.Errorf("%s: %v, %v, want %v", test.name, holds, err, test.want)
			}
		}
		short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if err := p.Wait(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a thread lives, and waiting ends with %v", err)
		}
		if err := p.Signal(unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := p.Wait(t.Context()); err != nil || p.Alive() {
			t.Errorf("after SIGTERM: %v, alive %v", err, p.Alive())
		}
	})
}

// offersThreads tells whether the kernel has PIDFD_THREAD.
func offersThreads(tid int) bool {
	fd, err := unix.PidfdOpen(tid, pidfdThread)
	if err == nil {
		_ = unix.Close(fd)
	}
	return err == nil
}

func TestProcessOfSomebodyElse(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to become nobody")
	}
	if part := os.Getenv(playEnv); part != "" {
		t.Fatal("the part is played by root")
	}
	h := startHolder(t, "holder")
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestProcessAsNobody$", "-test.v")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=nobody %d %d %d %d", playEnv, h.tid, h.fd, h.inode, h.cookie))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("%v\n%s", err, out)
	}
	if !h.open().Alive() {
		t.Error("nobody has ended it")
	}
}

// TestProcessAsNobody is run by TestProcessOfSomebodyElse.
func TestProcessAsNobody(t *testing.T) {
	t.Parallel()
	var tid, fd int
	var inode, cookie uint64
	if n, _ := fmt.Sscanf(os.Getenv(playEnv), "nobody %d %d %d %d", &tid, &fd, &inode, &cookie); n != 4 {
		t.Skip("run by TestProcessOfSomebodyElse")
	}
	p, err := Host{}.OpenProcess(tid)
	if err != nil || !p.Pinned() || !p.Alive() || p.Start() == 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	want := fmt.Sprintf("cannot send SIGKILL to process %d: operation not permitted", tid)
	if err := p.Signal(unix.SIGKILL); !errors.Is(err, os.ErrPermission) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	want = fmt.Sprintf("cannot look into process %d: permission denied", tid)
	if holds, err := p.HoldsSocket(tid, fd, inode, cookie); holds || !errors.Is(err, os.ErrPermission) || err.Error() != want {
		t.Errorf("got %v, %v, want %s", holds, err, want)
	}
}

// TestProcessHiddenByProc runs as nobody in a mount namespace whose /proc hides the processes of others.
func TestProcessHiddenByProc(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 || testing.Short() {
		t.Skip("needs root for a mount namespace")
	}
	if os.Getenv(playEnv) == "" {
		rerun(t, "hidden", &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS})
		return
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, "hidepid=2"); err != nil {
		t.Fatal(err)
	}
	other := exec.Command("/bin/sleep", "60")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	// It ends with the PID namespace, whose first process we are: as nobody we may not end it.
	if err := syscall.Setgid(65534); err != nil { // of all threads; those of package unix are of one
		t.Fatal(err)
	}
	if err := syscall.Setuid(65534); err != nil {
		t.Fatal(err)
	}
	before := openFiles(t)
	_, err := Host{}.OpenProcess(other.Process.Pid)
	if want := fmt.Sprintf("cannot look at process %d: permission denied", other.Process.Pid); !errors.Is(err, os.ErrPermission) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
	if _, err := (Host{}).OpenProcess(1 << 21); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no process: got %v", err)
	}
}

func TestOpenProcessRefuses(t *testing.T) {
	withAndWithoutPidfd(t, func(t *testing.T, pinned bool) {
		before := openFiles(t)
		pids := []int{0, -1, -os.Getpid(), 1 << 30}
		if pinned {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			if tid := unix.Gettid(); tid != os.Getpid() {
				pids = append(pids, tid) // a thread is no process
			}
		}
		for _, pid := range pids {
			p, err := Host{}.OpenProcess(pid)
			if want := fmt.Sprintf("process %d does not exist", pid); !errors.Is(err, fs.ErrNotExist) || err.Error() != want {
				t.Errorf("%d: got %v, %v, want %s", pid, p, err, want)
			}
		}
		if after := openFiles(t); after != before {
			t.Errorf("%d descriptors before, %d after", before, after)
		}
	})
	if _, err := tree(t, nil).OpenProcess(os.Getpid()); !errors.Is(err, ErrNoKernel) {
		t.Errorf("on an image: %v", err)
	}
}

func TestProcessAfterClose(t *testing.T) {
	p, err := Host{}.OpenProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	before := openFiles(t)
	if err := p.Close(); err != nil || openFiles(t) != before-1 {
		t.Errorf("%v, %d descriptors before, %d after", err, before, openFiles(t))
	}
	if err := p.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	// The descriptor may be another one's by now.
	if err := p.Signal(unix.SIGKILL); !errors.Is(err, os.ErrClosed) {
		t.Errorf("signal: %v", err)
	}
	if err := p.Wait(t.Context()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("wait: %v", err)
	}
	if holds, err := p.HoldsSocket(os.Getpid(), 0, 1, 0); holds || !errors.Is(err, os.ErrClosed) {
		t.Errorf("holds: %v, %v", holds, err)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

func TestParseProcStat(t *testing.T) {
	t.Parallel()
	const rest = " S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 3 0 4711 1 1 18446744073709551615"
	for _, name := range []string{"(sshd)", "()", "(a b)", "(a) Z 1 1)", "(((", ")))", "(tmux: server)"} {
		got, ok := parseProcStat([]byte("7 (" + name + ")" + rest + "\n"))
		if want := (procStat{'S', 1, 3, 4711}); got != want || !ok {
			t.Errorf("%s: got %v, %v, want %v", name, got, ok, want)
		}
	}
	for _, text := range []string{
		"", "7", "7 (a)", "7 a" + rest, "7 (a) S 1 2 3",
		"7 (a)" + strings.Replace(rest, "S", "SS", 1),
		"7 (a)" + strings.Replace(rest, " 1 ", " x ", 1), "7 (a)" + strings.Replace(rest, " 3 ", " x ", 1),
		"7 (a)" + strings.Replace(rest, "4711", "-1", 1),
	} {
		if got, ok := parseProcStat([]byte(text)); ok {
			t.Errorf("%q is taken, %v", text, got)
		}
	}
}

func FuzzParseProcStat(f *testing.F) {
	f.Add([]byte("7 (a b) c) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 3 0 4711 1 1"))
	f.Add([]byte(")"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if stat, ok := parseProcStat(text); !ok && stat.start != 0 {
			t.Errorf("refused, yet %+v", stat)
		}
	})
}
