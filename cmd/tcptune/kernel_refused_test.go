package main

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/google/go-cmp/cmp"
)

// refusing runs tcptune on a kernel that does not take what is written to a key, whatever it is.
func (r room) refusing(key string, code int, args ...string) result {
	r.Helper()
	got := r.traced("write", "/proc/sys/"+strings.ReplaceAll(key, ".", "/"), "error=EINVAL", args...)
	if got.code != code {
		r.Errorf("tcptune %s: want exit %d, got %v", strings.Join(args, " "), code, got)
	}
	return got
}

// lines are the assignments in our file.
func (r room) lines() map[string]string {
	r.Helper()
	data, err := os.ReadFile("/etc/sysctl.d/60-tcptune.conf")
	r.check(err)
	got := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if key, value, ok := strings.Cut(line, " = "); ok && line[0] != '#' {
			got[key] = strings.TrimSpace(value)
		}
	}
	return got
}

func (r room) holds(got, want map[string]string) {
	r.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		r.Errorf("wanted (-) and found (+):\n%s", diff)
	}
}

func (t tree) withoutJournalTimes() tree {
	out := maps.Clone(t)
	for p := range out {
		if strings.HasPrefix(p, "/var/lib/tcptune") {
			out[p] = t.withoutTimes()[p]
		}
	}
	return out
}

// A key of each kind: a number, a vector, a list.
func TestKernelRefusedValueGetsNoLineUntilItIsTaken(t *testing.T) {
	needsStrace(t)
	for _, key := range []string{"net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_rmem", "net.ipv4.ip_local_reserved_ports"} {
		t.Run(key, func(t *testing.T) {
			r, ok := enter(t)
			if !ok {
				return
			}
			before := r.state()
			without := maps.Clone(roomAfter)
			delete(without, key)

			first := r.refusing(key, report.ExitPartial, "apply", "--profile", "room")
			r.says(first.out, "the kernel refuses this value")
			r.holds(r.lines(), without)
			left := r.state()

			// It is tried once more, which the journal has to know while it lasts.
			second := r.refusing(key, report.ExitPartial, "apply")
			r.says(second.out, "the kernel refuses this value")
			r.says(second.out, "nothing to do")
			r.is(left, tree.withoutJournalTimes)
			rep := r.report(r.refusing(key, report.ExitPartial, "apply", "--json"))
			if got := words(rep)[key]; got != report.Refused || rep.Changed {
				r.Errorf("%s is %q, changed %v, want refused, and nothing changed", key, got, rep.Changed)
			}
			r.is(left, tree.withoutJournalTimes)
			left = r.state()

			r.says(r.run(report.ExitPartial, "status").out, "the kernel refuses this value")
			r.run(report.ExitPartial, "plan")
			r.is(left, maps.Clone)

			r.run(report.ExitDone, "apply")
			r.has(roomAfter)
			r.holds(r.lines(), roomAfter)
			r.run(report.ExitDone, "status")
			after := r.state()
			r.says(r.run(report.ExitDone, "apply").out, "nothing to do")
			r.is(after, maps.Clone)
			r.run(report.ExitDone, "revert")
			r.is(before, tree.withoutTimes)
		})
	}
}

func TestKernelRefusedValueInAWindow(t *testing.T) {
	needsStrace(t)
	r, ok := enter(t)
	if !ok {
		return
	}
	const key = "net.ipv4.tcp_keepalive_time"
	before := r.state()
	without := maps.Clone(roomAfter)
	delete(without, key)
	// strace follows whoever would take the apply back, and ends with it.
	ended := make(chan result)
	go func() {
		ended <- r.traced("write", "/proc/sys/net/ipv4/tcp_keepalive_time", "error=EINVAL", "apply", "--profile", "room", "--confirm", "10m")
	}()
	r.until("the apply waits for its confirmation", func() bool {
		data, err := os.ReadFile(journal)
		return err == nil && strings.Contains(string(data), `"window"`)
	})
	r.says(r.run(report.ExitPartial, "confirm", "--wait", "10m").err, key+" is refused")
	if got := <-ended; got.code != report.ExitPartial {
		r.Errorf("the apply: want exit 4, got %v", got)
	}
	r.holds(r.lines(), without)
	r.run(report.ExitPartial, "status")
	r.run(report.ExitDone, "apply")
	r.holds(r.lines(), roomAfter)
	r.run(report.ExitDone, "revert")
	r.is(before, tree.withoutTimes)
}

// What this kernel certainly has not got is not even tried.
func TestKernelAbsentCongestionControlIsNamedAndNotTried(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	available, err := readKnob("net.ipv4.tcp_available_congestion_control")
	r.check(err)
	i := slices.IndexFunc([]string{"westwood", "vegas", "illinois"}, func(name string) bool {
		return !slices.Contains(strings.Fields(available), name)
	})
	if i < 0 {
		r.Skip("this kernel has every congestion control")
	}
	name := []string{"westwood", "vegas", "illinois"}[i]
	profile := "name: absent\nsummary: a test\nkeys:\n" +
		"  - {key: net.ipv4.tcp_keepalive_time, value: 600, mode: exact, why: the first}\n" +
		"  - {key: net.ipv4.tcp_congestion_control, value: " + name + ", mode: exact, why: not to be had}\n"
	r.check(os.WriteFile("/etc/tcptune/profiles.d/absent.yaml", []byte(profile), 0o644))
	first := r.run(report.ExitPartial, "apply", "--profile", "absent")
	r.says(first.out, "net.ipv4.tcp_congestion_control")
	r.holds(r.lines(), map[string]string{"net.ipv4.tcp_keepalive_time": "600"})
	left := r.state()
	r.says(r.run(report.ExitPartial, "apply").out, "nothing to do")
	r.run(report.ExitPartial, "status")
	r.is(left, maps.Clone)
}

func TestKernelOverriddenKeyThatWasChangedIsCounted(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	// In 24.04 "sysctl --system" reads /etc/sysctl.conf last, and there it is 20.
	const key = "net.ipv4.tcp_fin_timeout"
	const profile = "name: half\nsummary: a test\nkeys:\n  - {key: net.ipv4.tcp_fin_timeout, value: 15, mode: exact, why: a test}\n"
	r.check(os.WriteFile("/etc/tcptune/profiles.d/half.yaml", []byte(profile), 0o644))
	r.set(key, "60")
	r.says(r.run(report.ExitPartial, "apply", "--profile", "half").out, "2 changed, 1 overridden") // with our file
	r.says(r.run(report.ExitPartial, "apply").out, "nothing to do, 1 overridden")

	r.set(key, "33") // now the running value is all that is to be changed
	r.says(r.run(report.ExitPartial, "apply").out, "1 changed, 1 overridden")
	r.has(map[string]string{key: "15"})

	r.set(key, "33")
	rep := r.report(r.run(report.ExitPartlyDone, "apply", "--json", "--detailed-exitcode"))
	if got := words(rep)[key]; got != report.Overridden || !rep.Changed {
		r.Errorf("%s is %q, changed %v, want overridden, and changed", key, got, rep.Changed)
	}
	left := r.state()
	rep = r.report(r.run(report.ExitPartial, "apply", "--json"))
	if got := words(rep)[key]; got != report.Overridden || rep.Changed {
		r.Errorf("again, %s is %q, changed %v, want overridden, and not changed", key, got, rep.Changed)
	}
	r.is(left, maps.Clone)
}

func TestKernelEffectiveIsWhatWasWanted(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	check := func(rep report.Report) {
		r.Helper()
		vectors := 0
		for _, c := range rep.Changes {
			if c.Kind != report.Knob || c.Status != report.Applied {
				continue
			}
			if c.After == nil || c.Effective == nil || *c.Effective != *c.After {
				r.Errorf("%s: after is %q, effective %q", c.Target, side(c.After), side(c.Effective))
			}
			if c.After != nil && strings.Contains(*c.After, " ") {
				vectors++
			}
		}
		if vectors == 0 {
			r.Error("no vector was applied")
		}
	}
	check(r.report(r.run(report.ExitDone, "apply", "--profile", "room", "--json")))
	check(r.report(r.run(report.ExitDone, "revert", "--json")))
	check(r.report(r.run(report.ExitDone, "apply", "--profile", "room", "--confirm", "10m", "--json")))
	check(r.report(r.run(report.ExitDone, "revert", "--json")))
}

func TestKernelSingleWishKeepsTheProfile(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.run(report.ExitDone, "apply", "--profile", "room", "--live-qdisc")
	files := r.state().Files["/etc/sysctl.d/60-tcptune.conf"]
	r.says(r.run(report.ExitDone, "apply", "--live-qdisc=false").out, "profile room, applied last, changed on the command line")
	r.says(r.run(report.ExitDone, "status").out, "profile room, applied last: as wanted")
	r.says(r.run(report.ExitDone, "apply").out, "profile room, applied last\n")
	if diff := cmp.Diff(files, r.state().Files["/etc/sysctl.d/60-tcptune.conf"]); diff != "" {
		r.Errorf("our file, wanted (-) and found (+):\n%s", diff)
	}
	r.has(roomAfter)
}
