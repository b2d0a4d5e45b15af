package main

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

// journal is the memory of a host; a window that waits for its confirmation is in it.
const journal = "/var/lib/tcptune/journal.json"

// windowClosed reports whether nothing waits for a confirmation, and whoever took it back has finished.
func windowClosed() bool {
	data, err := os.ReadFile(journal)
	return len(keepers()) == 0 && (os.IsNotExist(err) || err == nil && !strings.Contains(string(data), `"window"`))
}

// keepers are the processes that wait to take an apply back. A room has its own process IDs.
func keepers() (pids []int) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		args, rerr := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if err == nil && rerr == nil && strings.Contains(string(args), "\x00--window\x00") {
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestKernelConfirmedApplyStays(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	before := r.state()
	rep := r.report(r.run(report.ExitDone, "apply", "--profile", "room", "--confirm", "10m", "--json"))
	if !rep.Changed {
		r.Error("the unconfirmed apply says that it changed nothing")
	}
	r.has(roomAfter)

	// Until the confirmation a reboot takes everything back: no file but the journal is written.
	if n := ownFiles(r); n != 0 {
		r.Errorf("%d files of ours in /etc/sysctl.d before the confirmation", n)
	}
	r.says(r.start(exec.Command("tcptune", "status"))().err, "sudo tcptune confirm")

	r.says(r.run(report.ExitDone, "confirm").out, "confirmed")
	r.has(roomAfter)
	r.run(report.ExitDone, "status")
	r.says(r.run(report.ExitDone, "apply").out, "nothing to do")
	r.says(r.run(report.ExitDone, "confirm").out, "nothing waits for a confirmation")
	r.run(report.ExitDone, "revert")
	r.run(report.ExitFailed, "confirm")
	r.is(before, tree.withoutTimes)

	// The same, for programs.
	r.report(r.run(report.ExitDone, "apply", "--profile", "room", "--confirm", "10m", "--json"))
	if rep := r.report(r.run(report.ExitDone, "confirm", "--json")); !rep.Changed || rep.Failed || len(rep.Changes) != 1 {
		r.Errorf("confirm reports %+v, want one file written", rep)
	}
	if rep := r.report(r.run(report.ExitDone, "revert", "--json")); !rep.Changed || rep.Failed {
		r.Errorf("revert reports %+v", rep)
	}
	if rep := r.report(r.run(report.ExitFailed, "confirm", "--json")); rep.Error == nil || rep.Error.Code != "nothing-to-confirm" {
		r.Errorf("confirm without a window reports %+v", rep)
	}
	r.is(before, tree.withoutTimes)
}

func TestKernelUnconfirmedApplyTakesItselfBack(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	before := r.state()
	r.run(report.ExitDone, "apply", "--profile", "room", "--confirm", "2s")
	r.until("nobody confirmed, and the values are as before", windowClosed)
	r.is(before, tree.withoutTimes)
	r.says(r.run(report.ExitFailed, "confirm").err, "nothing waits for a confirmation")
}

func TestKernelUnconfirmedApplyOutlivesItsShell(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			r, ok := enter(t)
			if !ok {
				return
			}
			before := r.state()
			shell := exec.Command("sh", "-c", "tcptune apply --profile room --confirm 3s; echo >/run/waiting; sleep 1000")
			shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			wait := r.start(shell)
			r.until("the apply waits for its confirmation", func() bool {
				_, err := os.Stat("/run/waiting")
				return err == nil
			})
			r.check(syscall.Kill(-shell.Process.Pid, sig))
			wait()
			r.until("the values are as before, without the shell", windowClosed)
			r.is(before, tree.withoutTimes)
		})
	}
}

func TestKernelSecondApplyInsideTheWindowIsRefused(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.run(report.ExitDone, "apply", "--profile", "room", "--confirm", "10m")
	waiting := r.state()
	for _, args := range [][]string{
		{"apply"}, {"apply", "--profile", "classic"}, {"apply", "--profile", "room", "--confirm", "10m"},
	} {
		got := r.run(report.ExitBusy, args...)
		r.says(got.err, "an apply waits for its confirmation")
		r.says(got.err, "hint: run tcptune confirm to keep it, or tcptune revert to take it back")
	}
	rep := r.report(r.run(report.ExitBusy, "apply", "--json"))
	if rep.Error == nil || rep.Error.Code != "confirm-pending" {
		r.Errorf("error is %+v, want code confirm-pending", rep.Error)
	}
	r.is(waiting, tree.withoutTimes)
	r.run(report.ExitDone, "confirm")
	r.has(roomAfter)
}

func TestKernelRevertInsideTheWindow(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	before := r.state()
	r.run(report.ExitDone, "apply", "--profile", "room", "--confirm", "10m")
	got := r.run(report.ExitDone, "revert")
	r.says(got.err, "the unconfirmed apply is taken back")
	r.is(before, tree.withoutTimes)
	r.run(report.ExitFailed, "confirm")

	// What was confirmed before stays journalled: a revert in a later window goes back to before the first apply.
	r.run(report.ExitDone, "apply", "--profile", "room")
	r.runPartial("apply", "--profile", "classic", "--confirm", "10m")
	r.run(report.ExitDone, "revert")
	r.is(before, tree.withoutTimes)
}

func TestKernelRevertShowsInAdvanceWhatItTakesBackFromAWindow(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.run(report.ExitDone, "apply", "--profile", "room", "--confirm", "10m")
	for key := range roomAfter {
		r.says(r.run(report.ExitDiffers, "revert", "--dry-run").out, key)
	}
	r.has(roomAfter)
}

func TestKernelUnconfirmedSwitchGoesBackToTheProfileBefore(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.run(report.ExitDone, "apply", "--profile", "room")
	applied := r.state()
	r.runPartial("apply", "--profile", "classic", "--confirm", "2s")
	r.until("nobody confirmed", windowClosed)
	r.run(report.ExitFailed, "confirm") // too late, although something is applied
	r.run(report.ExitDone, "apply")     // the journal need not remember that any more
	r.is(applied, tree.withoutTimes)
	r.run(report.ExitDone, "status")
}

func TestKernelLateCommandTakesBackAMissedWindow(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	before := r.state()
	const window = 3 * time.Second
	r.run(report.ExitDone, "apply", "--profile", "room", "--confirm", window.String())
	// Who would take it back is gone, as after an out-of-memory kill.
	pids := keepers()
	if len(pids) == 0 {
		r.Skip("this machine needs more than three seconds for an apply: its window is over")
	}
	for _, pid := range pids {
		r.check(syscall.Kill(pid, syscall.SIGKILL))
	}
	r.until("the end of the window", func() bool {
		return strings.Contains(r.start(exec.Command("tcptune", "status"))().err, "an apply was not confirmed in time")
	})
	r.has(roomAfter)
	got := r.run(report.ExitFailed, "confirm")
	r.says(got.err, "an apply was not confirmed in time and was taken back")
	r.is(before, tree.withoutTimes)
}
