package host

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
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
