package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"

	"golang.org/x/sys/unix"
)

func TestKernelConfirmWhereOurPlaceWasTaken(t *testing.T) {
	const own = "/etc/sysctl.d/60-tcptune.conf"
	for name, take := range map[string]func() error{
		"file": func() error { return os.WriteFile(own, []byte("# by hand\n"), 0o644) },
		"mask": func() error { return os.Symlink("/dev/null", own) },
	} {
		t.Run(name, func(t *testing.T) {
			r, ok := enter(t)
			if !ok {
				return
			}
			r.run(report.ExitDone, "apply", "--profile", "room", "--confirm", "10m")
			r.check(take())
			taken := r.state()
			got := r.run(report.ExitFailed, "confirm")
			r.says(got.err, "tcptune: cannot confirm: the host has moved on since the apply: ")
			r.says(got.err, own)
			r.says(got.err, "hint: tcptune revert takes the apply back")
			rep := r.report(r.run(report.ExitFailed, "confirm", "--json"))
			if rep.Error == nil || rep.Error.Code != "stale-plan" || rep.Changed {
				r.Errorf("confirm: error is %+v, changed %v, want code stale-plan", rep.Error, rep.Changed)
			}
			r.is(taken, maps.Clone)

			// The hint works, and leaves what is there now.
			r.run(report.ExitDone, "revert")
			r.has(roomBefore)
			if _, err := os.Lstat(own); err != nil {
				r.Error(err)
			}
		})
	}
}

func TestKernelConfirmTwice(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.run(report.ExitDone, "apply", "--profile", "room", "--confirm", "10m")
	r.run(report.ExitDone, "confirm")
	kept := r.state()
	r.says(r.run(report.ExitDone, "confirm").out, "nothing waits for a confirmation: what was applied is kept already")
	if rep := r.report(r.run(report.ExitDone, "confirm", "--json")); rep.Changed || rep.Failed {
		r.Errorf("the second confirm reports %+v", rep)
	}
	r.is(kept, maps.Clone)
}

// Whatever the next command is, and however it ends, it says so, and the one after it does not.
func TestKernelAutomaticRevertLeavesWhatSomebodyElseChanged(t *testing.T) {
	for name, next := range map[string][]string{
		"apply":       {"apply", "--profile", "room"},
		"unconfirmed": {"apply", "--profile", "room", "--confirm", "10m"},
		"revert":      {"revert"},
		"confirm":     {"confirm"},
		"failing":     {"apply", "--profile", "nonesuch"},
	} {
		t.Run(name, func(t *testing.T) {
			r, ok := enter(t)
			if !ok {
				return
			}
			const key = "net.ipv4.tcp_keepalive_time"
			const note = "knob " + key + ` is left as it is, "777": somebody else has changed it since`
			tcptune := func(args ...string) result { return r.start(exec.Command("tcptune", args...))() }
			r.run(report.ExitDone, "apply", "--profile", "room", "--confirm", "10s")
			r.set(key, "777") // before the window is over, also on a busy machine
			r.until("nobody confirmed", windowClosed)
			want := maps.Clone(roomBefore)
			want[key] = "777"
			r.has(want)

			got := tcptune(next...)
			r.says(got.err, "an apply was not confirmed and was taken back")
			r.says(got.err, note)
			r.silent(tcptune(next...).err, note)
			tcptune("revert")
			r.silent(tcptune("apply", "--profile", "room").err, note)
		})
	}
}

func TestKernelNonsenseIsRepaired(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	const key = "net.ipv4.tcp_fin_timeout"
	const profile = `name: sane
summary: a key that holds nonsense
keys:
  - {key: net.ipv4.tcp_fin_timeout, value: 30, mode: raise, why: a test}
`
	r.check(os.WriteFile("/etc/tcptune/profiles.d/sane.yaml", []byte(profile), 0o644))
	for _, file := range []string{"/etc/sysctl.d/99-zz-app.conf", "/etc/sysctl.conf", "/etc/sysctl.d/99-sysctl.conf"} {
		r.check(os.RemoveAll(file))
	}
	r.set(key, "-5")
	r.has(map[string]string{key: "-5"})
	r.check(os.WriteFile("/etc/sysctl.d/70-nonsense.conf", []byte("# a blog\n"+key+" = -5\n"), 0o644))

	rep := r.report(r.start(exec.Command("tcptune", "check", "--json"))())
	named := false
	for _, c := range rep.Checks {
		named = named || c.Grade == report.Warn && c.Value == "/etc/sysctl.d/70-nonsense.conf:2 "+key
	}
	if !named {
		r.Errorf("no check names the line: %+v", rep.Checks)
	}
	r.run(report.ExitDiffers, "plan", "--profile", "sane")
	r.run(report.ExitDiffers, "status", "--profile", "sane")
	rep = r.report(r.run(report.ExitDone, "apply", "--profile", "sane", "--json"))
	r.has(map[string]string{key: "30"})
	if got := words(rep)[key]; got != report.Applied {
		r.Errorf("%s is %q, want applied", key, got)
	}
	r.run(report.ExitDone, "status")
	r.says(r.run(report.ExitDone, "apply").out, "nothing to do")

	// Somebody sets it again.
	r.set(key, "-5")
	r.run(report.ExitDiffers, "status")
	r.run(report.ExitDone, "apply")
	r.has(map[string]string{key: "30"})
}

// The deadline of a window is on the clock of its boot: after a reboot it means nothing, and nothing waits any more.
func TestKernelRebootInsideTheWindowEndsIt(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.run(report.ExitDone, "apply", "--profile", "room", "--confirm", "10m")
	// What a reboot is to tcptune: another boot ID, and values that are the kernel's again.
	id := filepath.Join(t.TempDir(), "boot_id")
	r.check(os.WriteFile(id, []byte("00000000-0000-0000-0000-000000000000\n"), 0o644))
	r.check(unix.Mount(id, "/proc/sys/kernel/random/boot_id", "", unix.MS_BIND, ""))
	for _, command := range []string{"status", "plan"} {
		said := r.start(exec.Command("tcptune", command))()
		r.says(said.err, "not confirmed before the reboot")
		if strings.Contains(said.out+said.err, "tcptune confirm") {
			t.Errorf("%s still waits for a confirmation:\n%s%s", command, said.out, said.err)
		}
	}
	r.says(r.run(report.ExitFailed, "confirm").err, "not confirmed before the reboot")
}
