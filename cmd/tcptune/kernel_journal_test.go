package main

import (
	"maps"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/tcptune/tcptune/internal/report"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/plan"
)

// needsStrace skips a test that calls traced.
func needsStrace(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("needs strace, which is not installed")
	}
}

// traced runs tcptune under strace, which tampers with the first call on a file.
func (r room) traced(call, file, tamper string, args ...string) result {
	r.Helper()
	return r.start(exec.Command("strace", append([]string{
		"-f", "-qq", "-o", "/dev/null", "-P", file, "-e", "trace=" + call, "-e", "inject=" + call + ":" + tamper, "tcptune",
	}, args...)...))()
}

// killed runs tcptune, which is killed before its first call on a file.
func (r room) killed(call, file string, args ...string) {
	r.Helper()
	got := r.traced(call, file, "signal=KILL:when=1", args...)
	if _, err := os.Stat(journal); got.code != -1 && got.code != 128+int(syscall.SIGKILL) || err != nil {
		r.Fatalf("tcptune %s was not killed half-way: %v", strings.Join(args, " "), got)
	}
}

func TestKernelFailureSaysWhatWasRepairedBefore(t *testing.T) {
	needsStrace(t)
	r, ok := enter(t)
	if !ok {
		return
	}
	const lastKnob, note = "/proc/sys/net/ipv4/tcp_no_metrics_save", "tcptune: note: an interrupted apply was found and undone\n"
	before := r.state()
	for _, tc := range []struct {
		code int
		args []string
	}{
		{report.ExitFailed, []string{"confirm"}},
		{report.ExitUsage, []string{"apply", "--profile", "nonesuch"}},
	} {
		r.killed("write", lastKnob, "apply", "--profile", "room")
		r.has(map[string]string{"net.core.somaxconn": roomAfter["net.core.somaxconn"]})
		got := r.run(tc.code, tc.args...)
		r.says(got.err, note)
		r.is(before, tree.withoutTimes)

		r.killed("write", lastKnob, "apply", "--profile", "room")
		rep := r.report(r.run(tc.code, append(tc.args, "--json")...))
		if !rep.Changed || !rep.Failed || len(rep.Warnings) == 0 || !strings.Contains(rep.Warnings[0], "an interrupted apply was found and undone") {
			r.Errorf("%v after a killed apply: changed %v, failed %v, warnings %q", tc.args, rep.Changed, rep.Failed, rep.Warnings)
		}
		r.is(before, tree.withoutTimes)
		// It is said once.
		r.silent(r.run(tc.code, tc.args...).err, "interrupted")
	}
}

// silent checks that text is not there.
func (r room) silent(text, not string) {
	r.Helper()
	if strings.Contains(text, not) {
		r.Errorf("want no %q in:\n%s", not, text)
	}
}

func TestKernelKilledConfirmLeavesTheWindowOpen(t *testing.T) {
	needsStrace(t)
	r, ok := enter(t)
	if !ok {
		return
	}
	const note = "an interrupted confirm was found and undone"
	for _, place := range []string{"/etc/sysctl.d", "/etc/sysctl.d/60-tcptune.conf"} {
		r.run(report.ExitDone, "apply", "--profile", "room", "--confirm", "10m")
		call := "renameat" // before our file is there
		if place != "/etc/sysctl.d" {
			call = "openat" // when it is read back
		}
		r.tryKill(call, place, "confirm")
		got := r.run(report.ExitBusy, "apply")
		r.says(got.err, note)
		r.says(got.err, "an apply waits for its confirmation")
		r.has(roomAfter)
		r.run(report.ExitDone, "confirm")
		r.run(report.ExitDone, "status")
		r.run(report.ExitDone, "revert")
	}
}

// tryKill is killed for a call whose file may be read before anything is journalled: then nothing is there to be
// repaired.
func (r room) tryKill(call, file string, args ...string) {
	r.Helper()
	for when := 1; when < 9; when++ {
		r.traced(call, file, "signal=KILL:when="+strconv.Itoa(when), args...)
		if data, err := os.ReadFile(journal); err == nil && strings.Contains(string(data), `"pending"`) {
			return
		}
	}
	r.Fatalf("tcptune %s cannot be killed half-way", strings.Join(args, " "))
}

func TestKernelRevertWithoutAJournalNamesItsFile(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.run(report.ExitDone, "apply", "--profile", "room")
	r.check(os.RemoveAll("/var/lib/tcptune"))
	after := r.state()
	got := r.run(report.ExitPartial, "revert")
	r.says(got.err, "/etc/sysctl.d/60-tcptune.conf was written by tcptune, but the journal that says what was before is gone")
	rep := r.report(r.run(report.ExitPartial, "revert", "--json"))
	if rep.Changed || len(rep.Warnings) != 1 {
		r.Errorf("revert without a journal: changed %v, warnings %q", rep.Changed, rep.Warnings)
	}
	r.is(after, tree.withoutTimes)
	r.has(roomAfter)
}

func TestKernelDamagedJournalStopsEveryCommand(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.run(report.ExitDone, "apply", "--profile", "room")
	for _, file := range []string{journal, journal + ".former"} {
		r.check(os.WriteFile(file, []byte("\x00garbage\xff"), 0o644))
	}
	before := r.state()
	for _, command := range []string{"plan", "status", "apply", "confirm", "revert"} {
		got := r.run(report.ExitFailed, command)
		r.says(got.err, "tcptune: cannot read the journal "+journal)
		r.says(got.err, "hint: ")
		rep := r.report(r.run(report.ExitFailed, command, "--json"))
		if rep.Error == nil || rep.Error.Code != "journal-damaged" || rep.Error.Hint == "" || rep.Changed {
			r.Errorf("%s: error is %+v, changed %v, want code journal-damaged", command, rep.Error, rep.Changed)
		}
	}
	r.is(before, maps.Clone)
}

func TestKernelMaskedOwnFileIsObeyed(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	const own = "/etc/sysctl.d/60-tcptune.conf"
	r.run(report.ExitDone, "apply", "--profile", "room")
	r.check(os.Remove(own))
	r.check(os.Symlink("/dev/null", own))
	masked := r.state()
	got := r.run(report.ExitDiffers, "status")
	r.says(got.err, "apply will refuse: cannot replace "+own)
	r.run(report.ExitFailed, "apply")
	rep := r.report(r.run(report.ExitFailed, "apply", "--json"))
	if rep.Error == nil || rep.Error.Code != "foreign-file" || rep.Changed {
		r.Errorf("apply: error is %+v, changed %v, want code foreign-file", rep.Error, rep.Changed)
	}
	r.is(masked, maps.Clone)

	rep = r.report(r.run(report.ExitPartial, "revert", "--json"))
	r.has(roomBefore)
	if got := words(rep)[own]; got != report.Kept {
		r.Errorf("the masked file is %q, want kept", got)
	}
	if to, err := os.Readlink(own); err != nil || to != "/dev/null" {
		r.Errorf("the mask leads to %q, %v", to, err)
	}
	r.run(report.ExitDone, "revert")
}

func TestKernelWayBackWorksOnAnUnsupportedRelease(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	supported, err := os.ReadFile("/etc/os-release")
	r.check(err)
	release := func(text []byte) { r.check(os.WriteFile("/etc/os-release", text, 0o644)) }
	fedora := []byte("NAME=\"Fedora Linux\"\nID=fedora\nVERSION_ID=42\n")

	before := r.state()
	r.run(report.ExitDone, "apply", "--profile", "room", "--confirm", "10m")
	release(fedora)
	r.run(report.ExitUnsupported, "apply")
	r.run(report.ExitDone, "confirm")
	r.has(roomAfter)
	r.run(report.ExitDiffers, "revert", "--dry-run")
	r.run(report.ExitDone, "revert")
	r.has(roomBefore)

	release(supported)
	r.run(report.ExitDone, "apply", "--profile", "room", "--confirm", "10m")
	release(fedora)
	r.run(report.ExitDone, "revert")
	release(supported)
	r.is(before, tree.withoutTimes)

	r.run(report.ExitDone, "apply", "--profile", "room", "--confirm", "2s")
	release(fedora)
	r.until("nobody confirmed, and the values are as before", windowClosed)
	release(supported)
	r.is(before, tree.withoutTimes)
}

func TestKernelFolderOfTheJournalMayBeAMount(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	folder := path.Dir(plan.JournalPath)
	r.check(os.MkdirAll(folder, 0o755))
	r.check(unix.Mount("tmpfs", folder, "tmpfs", 0, ""))
	r.run(report.ExitDone, "apply", "--profile", "room")
	r.has(roomAfter)
	if got := r.run(report.ExitDone, "revert"); got.err != "" {
		r.Error(got)
	}
	r.has(roomBefore)
}
