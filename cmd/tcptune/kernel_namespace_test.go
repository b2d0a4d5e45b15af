package main

import (
	"maps"
	"os/exec"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"
)

// elsewhere runs tcptune in a network namespace of its own, with the files of the room: what "ip netns exec" does.
func (r room) elsewhere(code int, args ...string) result {
	r.Helper()
	got := r.start(exec.Command("unshare", append([]string{"-n", "tcptune"}, args...)...))()
	if got.code != code {
		r.Errorf("in another namespace, tcptune %s: want exit %d, got %v", strings.Join(args, " "), code, got)
	}
	return got
}

// refusedElsewhere checks that every command that changes something refuses to, and changes nothing.
func (r room) refusedElsewhere(commands ...string) {
	r.Helper()
	before := r.state()
	for _, command := range commands {
		got := r.elsewhere(report.ExitFailed, command)
		r.says(got.err, "tcptune: cannot work in this network namespace")
		r.says(got.err, "hint: ")
		rep := r.report(r.elsewhere(report.ExitFailed, command, "--json"))
		if rep.Error == nil || rep.Error.Code != "other-namespace" || rep.Changed {
			r.Errorf("%s: error is %+v, changed %v, want code other-namespace", command, rep.Error, rep.Changed)
		}
		r.is(before, maps.Clone)
	}
}

func TestKernelAnotherNamespaceOfTheSameFilesIsRefused(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	before := r.state()
	r.run(report.ExitDone, "apply", "--profile", "room")
	after := r.state()
	r.refusedElsewhere("apply", "revert", "confirm")
	r.elsewhere(report.ExitFailed, "apply", "--profile", "room", "--confirm", "10m")

	// Where they belong, all is as it was.
	r.is(after, maps.Clone)
	r.run(report.ExitDone, "status")
	r.run(report.ExitDone, "revert")
	r.is(before, tree.withoutTimes)
}

// A window is no less a memory of another namespace than what was confirmed: an apply that forgets it there leaves the
// values here for ever.
func TestKernelAnotherNamespaceDoesNotEndTheWindow(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.run(report.ExitDone, "apply", "--profile", "room", "--confirm", "10m")
	r.refusedElsewhere("confirm", "revert", "apply")
	r.has(roomAfter)
	r.run(report.ExitDone, "confirm")
	r.run(report.ExitDone, "status")
}

// So is what a killed command left.
func TestKernelAnotherNamespaceDoesNotForgetAKilledApply(t *testing.T) {
	needsStrace(t)
	r, ok := enter(t)
	if !ok {
		return
	}
	before := r.state()
	r.killed("write", "/proc/sys/net/ipv4/tcp_no_metrics_save", "apply", "--profile", "room")
	r.refusedElsewhere("revert", "apply")
	r.says(r.run(report.ExitDone, "revert").err, "an interrupted apply was found and undone")
	r.is(before, tree.withoutTimes)
}

// A host that was never tuned has no journal that would tell: its own PID 1 does.
func TestKernelAnotherNamespaceOfAFreshHostIsRefused(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	before := r.state()
	r.refusedElsewhere("apply")
	r.says(r.elsewhere(report.ExitDiffers, "status").out, "apply will refuse: cannot work in this network namespace")
	r.is(before, maps.Clone)
}
