package sysctl

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/profile"
)

func TestWhatIsOutOfReachIsNamedAndGetsNoLine(t *testing.T) {
	m := newMachine(t, "6.8.0")
	m.modules["sch_fq"] = host.ModuleAbsent
	delete(m.knobs, somaxconn)
	m.refused = map[string]error{rmemMax: fs.ErrPermission}
	keys := []profile.Wish{
		{Key: "net.core.default_qdisc", Value: "fq", Mode: profile.ExactMode}, {Key: somaxconn, Value: "65535"}, {Key: rmemMax, Value: "16777216"},
	}
	d := m.diff(m.profile(keys...))
	got := map[string]report.Status{}
	for _, c := range d.Changes {
		got[c.Target] = c.Status
	}
	want := map[string]report.Status{"net.core.default_qdisc": report.Skipped, somaxconn: report.Skipped, rmemMax: report.Refused}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, k := range keys {
		k.Required = true
		if d := m.diff(m.profile(k)); !report.Is(d.Blocked, CodeRequiredKey) {
			t.Errorf("%s is required and not to be had, but it is blocked by %v", k.Key, d.Blocked)
		}
	}
}

// A key that a module brings is as wanted after a boot only where that module is loaded before systemd-sysctl runs. So the
// plan brings both, whether the module is loaded already or not.
func TestAKeyOfAModuleIsKeptByLoadingTheModuleAtBoot(t *testing.T) {
	for _, test := range []struct {
		key, module string
		loaded      bool
	}{
		{"net.netfilter.nf_conntrack_max", "nf_conntrack", true},
		{"net.netfilter.nf_conntrack_max", "nf_conntrack", false},
		{"net.sctp.sndbuf_policy", "sctp", true}, // not in the catalogue
		{"net.sctp.sndbuf_policy", "sctp", false},
		{"net.ipv4.vs.conn_reuse_mode", "ip_vs", false},
	} {
		key, module, loaded := test.key, test.module, test.loaded
		m := newMachine(t, "6.8.0-45-generic")
		m.modules[module] = host.ModuleLoadable
		if loaded {
			m.modules[module], m.knobs[key] = host.ModuleLoaded, "65536"
		}
		p := m.profile(profile.Wish{Key: key, Value: "1048576", Required: true, Mode: profile.ExactMode})
		before := m.diff(p)
		if before.Blocked != nil {
			t.Fatal(before.Blocked)
		}
		if k := before.Keys()[0]; k.Status.Good() || before.Converged() {
			t.Errorf("loaded %v: before the apply it is %s: %s", loaded, k.Status, k.Reason)
		}
		if c := find(t, before.Changes, loadsPath); !strings.Contains(*c.After, "\n"+module+"\n") {
			t.Errorf("loaded %v: %s is\n%s", loaded, loadsPath, *c.After)
		}
		if c := find(t, before.Changes, key); c.Status != report.Planned || c.Doubt != "" || c.DecidedBy != nil {
			t.Errorf("loaded %v: the key is %s: %s", loaded, c.Status, c.Reason)
		}
		loads := slices.ContainsFunc(before.Changes, func(c plan.Change) bool { return c.Kind == report.Module })
		if loads == loaded {
			t.Errorf("loaded %v, and the module is to be loaded: %v", loaded, loads)
		}
		m.apply(before.Plan)
		m.modules[module] = host.ModuleLoaded
		after := m.diff(p)
		if k := after.Keys()[0]; k.Status != report.Unchanged || k.AfterReboot == nil || *k.AfterReboot != "1048576" ||
			!after.Converged() {
			t.Errorf("loaded %v: after the apply it is %s: %s", loaded, k.Status, k.Reason)
		}
		// Without the file of modules the line is worth nothing.
		if err := os.Remove(filepath.Join(m.root, loadsPath)); err != nil {
			t.Fatal(err)
		}
		if k := m.diff(p).Keys()[0]; k.Status.Good() || k.Unknown[report.KeyAfterReboot] == "" {
			t.Errorf("loaded %v: without its module it is %s: %s", loaded, k.Status, k.Reason)
		}
		m.write(loadsPath, *find(t, before.Changes, loadsPath).After)
		for _, c := range m.revert().Changes {
			if c.Kind == report.File && c.After != nil {
				t.Errorf("loaded %v: revert leaves %s", loaded, c.Target)
			}
		}
	}
}

// Whatever a host is like, a verdict is good only where nothing is unknown, what is wanted runs, and it is so after a boot
// and after sysctl --system; and each unknown column has its reason among those that are printed.
func TestNoVerdictIsGoodWhileAColumnIsUnknown(t *testing.T) {
	keys := []string{
		"net.netfilter.nf_conntrack_max", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
		"net.ipv4.tcp_congestion_control", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_ecn", "net.core.default_qdisc",
		"net.ipv4.tcp_mem", "net.netfilter.nf_conntrack_tcp_timeout_established",
	}
	values := map[string][]string{
		keys[0]: {"65536", "1048576", "x"}, keys[1]: {"500 65535", "10240 65535", "60000 50000", "32768 60999"},
		keys[2]: {"80", "1024", "20000"}, keys[3]: {"bbr", "bbr2", "cubic", "reno"}, keys[4]: {"15", "30 # s", "-1", "60"},
		keys[5]: {"1", "3", "2"}, keys[6]: {"fq", "cake", "pfifo_fast"}, keys[7]: {"1000 2000 3000", "3 2 1"},
		keys[8]: {"86400", "432000"},
	}
	states := []host.ModuleState{
		host.ModuleLoaded, host.ModuleBuiltin, host.ModuleLoadable, host.ModuleAbsent, host.ModuleUnknown, "",
	}
	good, unknown := 0, 0
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 14))
		pick := func(list []string) string { return list[r.IntN(len(list))] }
		m := newMachine(t, pick([]string{"5.15.0-1", "6.8.0-45-generic", "7.0.0", "9.9.0"}))
		for _, name := range []string{"nf_conntrack", "tcp_bbr", "tcp_bbr2", "sch_fq", "sch_cake", "tcp_cubic"} {
			m.modules[name] = states[r.IntN(len(states))]
		}
		m.refused = map[string]error{}
		for _, key := range keys {
			if r.IntN(3) > 0 {
				m.knobs[key] = pick(values[key])
			}
			if r.IntN(9) == 0 {
				m.refused[key] = unix.EROFS
			}
			if r.IntN(2) == 0 {
				m.write(fmt.Sprintf("/etc/sysctl.d/%d-x.conf", r.IntN(99)), key+" = "+pick(values[key])+"\n")
			}
			if r.IntN(6) == 0 {
				m.write("/etc/sysctl.conf", key+" = "+pick(values[key])+"\n")
			}
		}
		if r.IntN(3) == 0 {
			m.write("/etc/modules-load.d/net.conf", "nf_conntrack\n")
		}
		var wishes []profile.Wish
		s := m.survey()
		for _, key := range keys {
			if v := pick(values[key]); s.Key(key).Validate(v) == nil {
				wishes = append(wishes, profile.Wish{Key: key, Value: v, Mode: profile.ExactMode})
			}
		}
		m.unread = map[string]error{}
		for _, key := range keys {
			if r.IntN(9) == 0 {
				m.unread[key] = unix.EIO
			}
		}
		slices.SortFunc(wishes, func(a, b profile.Wish) int {
			return s.Key(a.Key).Order - s.Key(b.Key).Order
		})
		p := m.profile(wishes...)
		d := m.diff(p)
		for _, k := range d.Keys() {
			for field, why := range k.Unknown {
				if !strings.Contains(k.Reason, why) {
					t.Errorf("seed %d: %s of %s is unknown (%s), and the reason says %q", seed, field, k.Target, why, k.Reason)
				}
			}
			if len(k.Unknown) > 0 {
				unknown++
			}
			if !k.Status.Good() {
				continue
			}
			good++
			if len(k.Unknown) > 0 || k.Running == nil || k.AfterReboot == nil || k.AfterSysctlSystem == nil ||
				*k.Running != *k.Wanted || *k.AfterReboot != *k.Wanted || *k.AfterSysctlSystem != *k.Wanted {
				t.Errorf("seed %d: %s is %s, and not all is as wanted: %+v", seed, k.Target, k.Status, k)
			}
		}
		for _, c := range d.Changes {
			if c.Status.Good() && c.Doubt != "" {
				t.Errorf("seed %d: %s is %s in spite of a doubt: %s", seed, c.Target, c.Status, c.Doubt)
			}
		}
	}
	t.Attr("count", fmt.Sprintf("%d verdicts that are good, %d keys with something unknown", good, unknown))
	if good < 50 || unknown < 100 {
		t.Errorf("%d good verdicts and %d keys with something unknown say too little", good, unknown)
	}
}

func TestAValueThatTheKernelWouldRefuseIsNamedAndGetsNoLine(t *testing.T) {
	for _, c := range []struct {
		key, value string
		others     []profile.Wish
		want       report.Status
		reason     string
	}{
		{"net.ipv4.ip_local_port_range", "500 65535", nil, report.Refused, "500 is below 1024"},
		{"net.ipv4.ip_local_port_range", "500 65535", []profile.Wish{
			{Key: "net.ipv4.ip_unprivileged_port_start", Value: "80", Mode: profile.ExactMode},
		}, report.Planned, ""},
		{"net.ipv4.tcp_congestion_control", "bbr2", nil, report.Skipped, "has no bbr2"},
		{"net.core.default_qdisc", "cake", nil, report.Skipped, "has no cake"},
		{"net.ipv4.tcp_ecn", "3", nil, report.Refused, "before Linux 7.0"},
		{"net.ipv4.tcp_tw_reuse_delay", "500", nil, report.Skipped, "appeared in Linux 6.14"},
	} {
		m := newMachine(t, "6.8.0-45-generic")
		m.modules["tcp_bbr2"], m.modules["sch_cake"] = host.ModuleAbsent, host.ModuleAbsent
		wish := profile.Wish{Key: c.key, Value: c.value, Mode: profile.ExactMode}
		d := m.diff(m.profile(append(c.others, wish)...))
		got := find(t, d.Changes, c.key)
		if got.Status != c.want || !strings.Contains(got.Reason, c.reason) {
			t.Errorf("%s = %s: %s (%s), want %s (%s)", c.key, c.value, got.Status, got.Reason, c.want, c.reason)
		}
		if lines := d.own.Content; c.want != report.Planned && lines != nil && strings.Contains(*lines, c.key+" ") {
			t.Errorf("%s = %s has a line all the same", c.key, c.value)
		}
	}
}
