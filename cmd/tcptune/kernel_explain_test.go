package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

// TestKernelExplainAnswersForEachKeyOfThisMachine asks about every key below net and fs: what can be read is told as it
// is read here, what cannot be is unknown, with a reason, and who wins is what the forecast says.
func TestKernelExplainAnswersForEachKeyOfThisMachine(t *testing.T) {
	keys, err := host.Host{}.Knobs()
	if err != nil {
		t.Fatal(err)
	}
	keys = slices.DeleteFunc(keys, func(k string) bool {
		return !strings.HasPrefix(k, "net.") && !strings.HasPrefix(k, "fs.")
	})
	forecast, err := whowins.Observe(host.Host{})
	if err != nil {
		t.Fatal(err)
	}
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	start, unread, set := time.Now(), 0, 0
	for _, key := range keys {
		before, errBefore := rawKnob(key)
		out, err := provision.Target{}.Explain(key)
		after, errAfter := rawKnob(key)
		if os.IsNotExist(errAfter) {
			continue // an interface has gone
		}
		if err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		now, e := out.Report.Keys[0], out.Report.Explained[0]
		if now.Target != cat.Canonical(key) || e.Target != now.Target || e.Text == "" {
			t.Errorf("asked about %s, told about %q and %q: %q", key, now.Target, e.Target, e.Text)
		}
		switch {
		case errBefore != nil:
			unread++
			if now.Running != nil || now.Status != report.Unknown || out.Code != report.ExitPartial ||
				now.Unknown[report.KeyRunning] == "" || !strings.Contains(now.Reason, now.Unknown[report.KeyRunning]) {
				t.Errorf("%s cannot be read (%v), and is %q, exit %d: %s", key, errBefore, now.Status, out.Code, now.Reason)
			}
		case now.Running == nil || out.Code != report.ExitDone:
			t.Errorf("%s is not told (exit %d), though it can be read: %s", key, out.Code, now.Reason)
		case strings.HasSuffix(key, "_key"):
			if *now.Running != "(hidden)" {
				t.Errorf("%s is a secret, and is told", key)
			}
		case before == after && strings.Join(strings.Fields(*now.Running), " ") != before && !saysWhatIsHeld(key):
			t.Errorf("%s is %q, explain says %q", key, before, *now.Running)
		}
		why := now.Unknown[report.KeyAfterReboot]
		if now.AfterReboot == nil && (now.Status != report.Unknown || why == "" || !strings.Contains(now.Reason, why)) {
			t.Errorf("%s: what it is after a reboot is unknown, and the status is %s: %s", key, now.Status, now.Reason)
		}
		fc := forecast.Key(key)
		for _, side := range []struct {
			name string
			o    whowins.Outcome
			by   *string
		}{{"a reboot", fc.Reboot, now.DecidedBy.Reboot}, {"sysctl --system", fc.SysctlSystem, now.DecidedBy.SysctlSystem}} {
			want := "no file"
			if side.o.Set != nil {
				want, set = side.o.Set.Origin.String(), set+1
			}
			if side.by == nil && want != "no file" || side.by != nil && *side.by != want {
				t.Errorf("%s: after %s %v decides, the forecast says %s", key, side.name, side.by, want)
			}
		}
	}
	if len(keys) < 500 || unread == 0 {
		t.Errorf("%d keys, %d of them not to be read: this is no whole /proc/sys", len(keys), unread)
	}
	t.Attr("count", fmt.Sprintf("%d keys in %.1f s: %d cannot be read, files decide %d times",
		len(keys), time.Since(start).Seconds(), unread, set))
}

// rawKnob reads a key as a shell would, with one space between its words.
// saysWhatIsHeld asks again about a count of the machine, which goes up and back again between two looks at it. It is
// false where what explain says is never what is read before and after.
func saysWhatIsHeld(key string) bool {
	for range 20 {
		before, _ := rawKnob(key)
		out, err := provision.Target{}.Explain(key)
		after, _ := rawKnob(key)
		if err != nil || out.Report.Keys[0].Running == nil {
			return false
		}
		if before != after || strings.Join(strings.Fields(*out.Report.Keys[0].Running), " ") == before {
			return true
		}
	}
	return false
}

func rawKnob(key string) (string, error) {
	data, err := os.ReadFile(host.KnobPath(key))
	return strings.Join(strings.Fields(string(data)), " "), err
}

// TestKernelExplainAgreesWithTheRealTools writes two files that assign the same keys, asks who wins, and lets the
// machine's own "sysctl --system" and systemd-sysctl loose on them.
func TestKernelExplainAgreesWithTheRealTools(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.check(os.RemoveAll("/etc/sysctl.d"))
	r.check(os.MkdirAll("/etc/sysctl.d", 0o755))
	cat, err := catalogue.Load()
	r.check(err)
	// Keys whose values another key or the version bounds, and one that sets others back.
	linked := []string{
		"net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_ecn", "net.ipv4.ip_forward",
		"net.ipv4.tcp_reordering", "net.ipv4.tcp_max_reordering",
	}
	var low, high, last strings.Builder
	var keys []string
	for _, k := range cat.Keys() {
		plain := k.Kind == catalogue.Int || k.Kind == catalogue.Bool
		if !plain || slices.Contains(linked, k.Name) || (host.Host{}).CanWriteKnob(k.Name) != nil {
			continue
		}
		keys = append(keys, k.Name)
		fmt.Fprintf(&low, "%s = %d\n", k.Name, k.Fields[0].Min)
		fmt.Fprintf(&high, "%s = %d\n", k.Name, k.Fields[0].Max)
		if len(keys)%3 == 0 {
			fmt.Fprintf(&last, "%s = %d\n", k.Name, k.Fields[0].Min)
		}
	}
	r.check(os.WriteFile("/etc/sysctl.d/10-low.conf", []byte(low.String()), 0o644))
	r.check(os.WriteFile("/etc/sysctl.d/90-high.conf", []byte(high.String()), 0o644))
	r.check(os.WriteFile("/etc/sysctl.conf", []byte(last.String()), 0o644))
	told := map[string]report.Key{}
	for _, key := range keys {
		out, err := provision.Target{}.Explain(key)
		r.check(err)
		told[key] = out.Report.Keys[0]
	}
	r.real("sysctl", "--system")
	for key, k := range told {
		r.has(map[string]string{key: *k.AfterSysctlSystem})
	}
	if tool := "/lib/systemd/systemd-sysctl"; fileExists(tool) {
		r.real(tool)
		for key, k := range told {
			r.has(map[string]string{key: *k.AfterReboot})
		}
	} else {
		r.Log("systemd-sysctl is not on this machine: what is after a reboot is not held against it")
	}
	if len(keys) < 50 {
		r.Errorf("only %d keys were compared", len(keys))
	}
}

// real runs a tool of the machine, which must be content with every line.
func (r room) real(name string, args ...string) {
	r.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		r.Errorf("%s: %v\n%s", filepath.Base(name), err, out)
	}
}

func fileExists(p string) bool {
	_, err := os.Stat(p)
	return err == nil
}
