package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

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
