package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/report"
)

// holdLock takes the lock as another tcptune would.
func (r room) holdLock() (release func()) {
	r.Helper()
	f, err := os.OpenFile("/run/tcptune.lock", os.O_RDWR|os.O_CREATE, 0o600)
	r.check(err)
	r.check(unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB))
	return func() { r.check(f.Close()) }
}

// lockOpeners are the open files of processes that are the lock, held or not.
func lockOpeners(r room) (opened []string) {
	r.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/fd/*")
	r.check(err)
	for _, link := range links {
		if file, err := os.Readlink(link); err == nil && file == "/run/tcptune.lock" {
			opened = append(opened, link)
		}
	}
	return opened
}

func TestKernelBusyWhileAnotherHoldsTheLock(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	before := r.state()
	release := r.holdLock()
	for _, command := range []string{"apply", "revert", "confirm"} {
		got := r.run(report.ExitBusy, command)
		r.says(got.err, "tcptune: cannot start: another tcptune is at work on this host\nhint: try again, or let it wait: --wait 30s\n")
		rep := r.report(r.run(report.ExitBusy, command, "--json"))
		if rep.Error == nil || rep.Error.Code != "busy" {
			r.Errorf("%s: error is %+v, want code busy", command, rep.Error)
		}
	}
	r.run(report.ExitBusy, "apply", "--wait", "50ms")

	// What only looks does not ask for the lock.
	r.run(report.ExitDiffers, "plan", "--profile", "room")
	r.run(report.ExitDiffers, "status", "--profile", "room")
	r.is(before, tree.withoutTimes)

	// --wait waits for it.
	wait := r.start(exec.Command("tcptune", "apply", "--profile", "room", "--wait", "10m"))
	r.until("it has opened the lock", func() bool { return len(lockOpeners(r)) > 1 })
	r.has(roomBefore)
	release()
	if got := wait(); got.code != report.ExitDone {
		r.Errorf("after the lock was free: %v", got)
	}
	r.has(roomAfter)
}

func TestKernelConcurrentAppliesEndAsOneDid(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	before := r.state()
	r.run(report.ExitDone, "apply", "--profile", "room")
	one := r.state()
	r.run(report.ExitDone, "revert")
	for _, n := range []int{2, 10} {
		var waits []func() result
		for range n {
			waits = append(waits, r.start(exec.Command("tcptune", "apply", "--profile", "room", "--wait", "10m")))
		}
		changed := 0
		for i, wait := range waits {
			got := wait()
			if got.code != report.ExitDone {
				r.Errorf("apply %d of %d: %v", i, n, got)
			}
			if !strings.Contains(got.out, "nothing to do") {
				changed++
			}
		}
		if changed != 1 {
			r.Errorf("%d of %d applies changed something, want 1", changed, n)
		}
		r.is(one, tree.withoutTimes)
		r.run(report.ExitDone, "revert")
		r.is(before, tree.withoutTimes)
	}
}

func TestKernelSignalWhileWaitingChangesNothing(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	before := r.state()
	release := r.holdLock()
	defer release()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		cmd := exec.Command("tcptune", "apply", "--profile", "room", "--wait", "10m")
		wait := r.start(cmd)
		r.until("it waits for the lock", func() bool {
			fds, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", cmd.Process.Pid))
			for _, fd := range fds {
				if to, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", cmd.Process.Pid, fd.Name())); to == "/run/tcptune.lock" {
					return true
				}
			}
			return false
		})
		r.check(cmd.Process.Signal(sig))
		got := wait()
		if got.code != report.ExitFailed {
			r.Errorf("after %v: want exit 1, got %v", sig, got)
		}
		r.says(got.err, "tcptune: cannot ")
	}
	r.is(before, tree.withoutTimes)
}

// A signal in the middle of an apply is delivered by strace, at a rename(2) of the unmodified program: that of the
// journal or that of our file. The delay of what follows gives it the time to notice, on any machine.
func TestKernelSignalInTheMiddleRollsBack(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("needs strace, which is not installed")
	}
	r, ok := enter(t)
	if !ok {
		return
	}
	r.check(os.Mkdir("/var/lib/tcptune", 0o755)) // strace looks for it before there is a journal
	before := r.state()
	for _, sig := range []string{"INT", "TERM", "HUP"} {
		for _, folder := range []string{"/var/lib/tcptune", "/etc/sysctl.d"} {
			r.check(os.MkdirAll("/var/lib/tcptune", 0o755))
			got := r.start(exec.Command("strace", "-f", "-qq", "-o", "/dev/null", "-P", folder, "-e", "trace=renameat,fsync",
				"-e", "inject=renameat:signal="+sig+":when=1", "-e", "inject=fsync:delay_exit=200000",
				"tcptune", "apply", "--profile", "room"))()
			if got.code != report.ExitFailed {
				r.Errorf("SIG%s at the rename in %s: want exit 1, got %v", sig, folder, got)
			}
			r.says(got.err, ": interrupted; everything was rolled back")
			r.check(os.MkdirAll("/var/lib/tcptune", 0o755))
			r.is(before, tree.withoutTimes)
		}
	}
	r.run(report.ExitDone, "revert")
	r.has(roomBefore)
}
