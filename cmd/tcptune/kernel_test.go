package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/google/go-cmp/cmp"

	schematest "github.com/tcptune/tcptune/test/schema"
)

// report reads the document that a run with --json printed.
func (r room) report(got result) report.Report {
	r.Helper()
	schematest.Validate(r, []byte(got.out))
	var rep report.Report
	r.check(json.Unmarshal([]byte(got.out), &rep))
	return rep
}

// words are the status words of changes, or keys, by target.
func words(rep report.Report) map[string]report.Status {
	m := map[string]report.Status{}
	for _, c := range rep.Changes {
		m[c.Target] = c.Status
	}
	for _, k := range rep.Keys {
		m[k.Target] = k.Status
	}
	return m
}

func TestKernelApplySetsTheRunningValuesAndTheFile(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.run(report.ExitDiffers, "plan", "--profile", "room")
	r.has(roomBefore)
	rep := r.report(r.run(report.ExitDone, "apply", "--profile", "room", "--json"))
	r.has(roomAfter)
	for key := range roomAfter {
		if got := words(rep)[key]; got != report.Applied {
			r.Errorf("%s is reported as %s", key, got)
		}
	}
	if !rep.Changed || rep.Failed {
		r.Errorf("changed %v, failed %v", rep.Changed, rep.Failed)
	}
	conf, err := os.ReadFile("/etc/sysctl.d/60-tcptune.conf")
	r.check(err)
	for key, value := range roomAfter {
		r.says(string(conf), fmt.Sprintf("\n%s = %s\n", key, value))
	}
	r.run(report.ExitDone, "revert")
}

func TestKernelSecondApplyWritesNothing(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.run(report.ExitDone, "apply", "--profile", "room")
	after := r.state()
	r.says(r.run(report.ExitDone, "apply").out, "nothing to do")
	r.is(after, maps.Clone)
	rep := r.report(r.run(report.ExitDone, "apply", "--profile", "room", "--json", "--detailed-exitcode"))
	if rep.Changed {
		r.Error("the second apply says that it changed something")
	}
	r.run(report.ExitDone, "status")
	r.run(report.ExitDone, "plan")
	r.is(after, maps.Clone)
}

func TestKernelRevertBringsEverythingBack(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	before := r.state()
	r.run(report.ExitDone, "apply", "--profile", "room")
	after := r.state()
	r.run(report.ExitDiffers, "revert", "--dry-run")
	r.is(after, maps.Clone)
	r.run(report.ExitDone, "revert")
	r.is(before, tree.withoutTimes)
	r.says(r.run(report.ExitDone, "revert").out, "nothing to take back")
	r.is(before, tree.withoutTimes)
}

func TestKernelReservedPortsAreJoined(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	const key = "net.ipv4.ip_local_reserved_ports"
	// Two thousand ports that do not touch are 12 kB. The kernel takes a page at a time: what is written behind the first
	// byte is added (proc_do_large_bitmap in kernel/sysctl.c).
	var ports []string
	for p := 20000; p < 24000; p += 2 {
		ports = append(ports, fmt.Sprint(p))
	}
	f, err := os.OpenFile("/proc/sys/net/ipv4/ip_local_reserved_ports", os.O_WRONLY, 0)
	r.check(err)
	for i := 0; i < len(ports); i += 500 {
		_, err := f.WriteString(strings.Join(ports[i:i+500], ",") + "\n")
		r.check(err)
	}
	r.check(f.Close())
	scattered := strings.Join(ports, ",")
	r.has(map[string]string{key: scattered})

	r.run(report.ExitDone, "apply", "--profile", "room")
	r.has(map[string]string{key: "8080,9000-9010," + scattered})
	r.says(r.run(report.ExitDone, "apply").out, "nothing to do")
	r.run(report.ExitDone, "status")

	r.run(report.ExitDone, "revert")
	r.has(map[string]string{key: scattered})

	// A port that somebody reserves later is no drift; it is not lost in a revert, which says so.
	r.run(report.ExitDone, "apply", "--profile", "room")
	more := "8080,9000-9010," + "30000"
	r.set(key, more)
	r.run(report.ExitDone, "apply")
	r.run(report.ExitPartial, "revert")
	r.has(map[string]string{key: more})
}

func TestKernelStatusSeesDrift(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.run(report.ExitDiffers, "status", "--profile", "room")
	r.run(report.ExitDone, "apply", "--profile", "room")
	r.run(report.ExitDone, "status")

	r.set("net.ipv4.tcp_keepalive_time", "777")
	got := r.run(report.ExitDiffers, "status")
	r.says(got.out, "777")
	r.says(got.out, "the running value is not as wanted")
	rep := r.report(r.run(report.ExitDiffers, "status", "--json"))
	for _, k := range rep.Keys {
		want := report.Unchanged
		if k.Target == "net.ipv4.tcp_keepalive_time" {
			want = report.Planned
		}
		if k.Status != want {
			r.Errorf("%s is %s, want %s", k.Target, k.Status, want)
		}
	}
	// More than wanted is no drift in mode raise.
	r.run(report.ExitDone, "apply")
	r.set("net.ipv4.tcp_rmem", "4096 131072 134217728")
	r.says(r.run(report.ExitDiffers, "apply", "--detailed-exitcode").out, "134217728")
	r.run(report.ExitDone, "status")
	r.has(map[string]string{"net.ipv4.tcp_rmem": "4096 131072 134217728", "net.ipv4.tcp_keepalive_time": "600"})
}

func TestKernelRevertLeavesWhatSomebodyElseChanged(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.run(report.ExitDone, "apply", "--profile", "room")
	r.set("net.ipv4.tcp_keepalive_time", "777")
	want := maps.Clone(roomBefore)
	want["net.ipv4.tcp_keepalive_time"] = "777"

	r.run(report.ExitDiffers, "revert", "--dry-run")
	rep := r.report(r.run(report.ExitPartial, "revert", "--json"))
	r.has(want)
	if got := words(rep)["net.ipv4.tcp_keepalive_time"]; got != report.Kept {
		r.Errorf("the changed key is %s, want kept", got)
	}
	if got := words(rep)["net.core.somaxconn"]; got != report.Applied {
		r.Errorf("an unchanged key is %s, want applied", got)
	}
	// It was left, and that is the end of it.
	r.run(report.ExitDone, "revert")
	r.has(want)
}

func TestKernelProfilesSwitchAsSinglePlans(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	const wmem, slow, metrics, queue = "net.ipv4.tcp_wmem", "net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_no_metrics_save", "net.core.somaxconn"
	r.set(wmem, "4096 16384 4194304")
	before := r.state()
	server := map[string]string{wmem: "4096 65536 16777216", slow: "0", metrics: "0", queue: "65535"}
	wan := map[string]string{wmem: "4096 65536 30000000", slow: "0", metrics: "0", queue: "65535"}
	classic := map[string]string{wmem: "4096 65536 16777216", slow: "1", metrics: "1", queue: "4096"}

	r.runPartial("apply", "--profile", "server")
	r.has(server)
	r.runPartial("apply", "--profile", "wan", "--bandwidth", "1gbit", "--rtt", "80ms")
	r.has(wan)
	rep := r.report(r.runPartial("apply", "--profile", "classic", "--json"))
	r.has(classic)
	for _, key := range []string{wmem, slow, metrics, queue} {
		if got := words(rep)[key]; got != report.Applied {
			r.Errorf("%s is %q in the plan that leads from wan to classic, want applied", key, got)
		}
	}
	if diff := cmp.Diff(1, ownFiles(r)); diff != "" {
		r.Errorf("files of ours in sysctl.d, wanted (-) and found (+): %s", diff)
	}
	r.runPartial("apply", "--profile", "server")
	r.has(server)

	r.run(report.ExitDone, "revert")
	r.is(before, tree.withoutTimes)
}

// runPartial runs tcptune with a built-in profile: some of their keys are out of reach of a network namespace.
func (r room) runPartial(args ...string) result {
	r.Helper()
	got := r.start(exec.Command("tcptune", args...))()
	if got.code != report.ExitDone && got.code != report.ExitPartial {
		r.Errorf("tcptune %s: want exit 0 or 4, got %v", strings.Join(args, " "), got)
	}
	return got
}

func ownFiles(r room) (n int) {
	r.Helper()
	entries, err := os.ReadDir("/etc/sysctl.d")
	r.check(err)
	for _, e := range entries {
		if strings.Contains(e.Name(), "tcptune") {
			n++
		}
	}
	return n
}

func TestKernelPassingHighValueIsPersisted(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	const high = "4096 131072 134217728"
	r.set("net.ipv4.tcp_rmem", high) // what sysctl -w does
	rep := r.report(r.run(report.ExitDone, "apply", "--profile", "room", "--json"))
	r.has(map[string]string{"net.ipv4.tcp_rmem": high})
	if got := words(rep)["net.ipv4.tcp_rmem"]; got != report.Kept {
		r.Errorf("the higher value is %s, want kept", got)
	}
	conf, err := os.ReadFile("/etc/sysctl.d/60-tcptune.conf")
	r.check(err)
	r.says(string(conf), "net.ipv4.tcp_rmem = "+high)
	r.run(report.ExitDone, "status")
	r.run(report.ExitDone, "revert")
	r.has(map[string]string{"net.ipv4.tcp_rmem": high})
}

func TestKernelApplySaysWhoOverridesIt(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	// In 24.04 "sysctl --system" reads /etc/sysctl.conf last, and there it is 20: nothing in sysctl.d can win against it.
	const profile = `name: wins-half
summary: a key that sysctl.conf sets
keys:
  - {key: net.ipv4.tcp_fin_timeout, value: 15, mode: exact, why: a test}
`
	r.check(os.WriteFile("/etc/tcptune/profiles.d/wins-half.yaml", []byte(profile), 0o644))
	rep := r.report(r.run(report.ExitPartial, "apply", "--profile", "wins-half", "--json"))
	r.has(map[string]string{"net.ipv4.tcp_fin_timeout": "15"})
	got := rep.Changes[len(rep.Changes)-1]
	if got.Status != report.Overridden || got.DecidedBy == nil || got.DecidedBy.SysctlSystem == nil || *got.DecidedBy.SysctlSystem != "/etc/sysctl.conf:17" {
		r.Errorf("the key is %s, decided by %+v", got.Status, got.DecidedBy)
	}
	r.says(r.run(report.ExitPartial, "status").out, "after sysctl --system it is 20, by /etc/sysctl.conf:17")
	r.says(r.run(report.ExitPartial, "apply").out, "nothing to do, 1 overridden")
	r.run(report.ExitDone, "revert")
}

func TestKernelRequiredKeyRollsBackEverything(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	// The kernel refuses the last key: a congestion control that it does not have.
	const profile = `name: impossible
summary: the last key is refused
keys:
  - {key: net.ipv4.tcp_keepalive_time, value: 600, mode: exact, why: the first}
  - {key: net.ipv4.tcp_ecn, value: 1, mode: exact, why: the second}
  - {key: net.ipv4.tcp_congestion_control, value: nonesuch, mode: exact, required: true, why: the impossible one}
`
	r.check(os.WriteFile("/etc/tcptune/profiles.d/impossible.yaml", []byte(profile), 0o644))
	before := r.state()
	got := r.run(report.ExitFailed, "apply", "--profile", "impossible")
	r.says(got.err, "tcp_congestion_control")
	r.is(before, tree.withoutTimes)
	r.run(report.ExitDone, "revert")
}
