package sysctl

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/kernel"
	"github.com/tcptune/tcptune/sysctl/profile"
	"github.com/tcptune/tcptune/sysctl/whowins"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
)

// machine is a host as the planner sees it: files in a temporary root, and running values that are data. Real running
// values are tested in a network namespace.
type machine struct {
	t       *testing.T
	root    string
	kernel  string
	boot    string
	knobs   map[string]string
	modules map[string]host.ModuleState
	refused map[string]error
	unread  map[string]error
	journal plan.Journal
}

func newMachine(t *testing.T, kernel string) *machine {
	t.Helper()
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	v, err := host.ParseKernelVersion(kernel)
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, root: t.TempDir(), kernel: kernel, boot: "boot-1", knobs: map[string]string{}, modules: map[string]host.ModuleState{}}
	for _, k := range cat.Keys() {
		if value, known := k.DefaultOn(v, 16<<30); known {
			m.knobs[k.Name] = value
		}
	}
	maps.Copy(m.knobs, map[string]string{
		"net.ipv4.tcp_congestion_control": "cubic", "net.core.default_qdisc": "fq_codel",
		"net.ipv4.tcp_max_tw_buckets": "65536",
	})
	m.modules["tcp_bbr"], m.modules["sch_fq"] = host.ModuleLoadable, host.ModuleLoadable
	m.write("/var/lib/dpkg/status", "Package: systemd\nStatus: install ok installed\nVersion: 255.4-1\n\n"+
		"Package: procps\nStatus: install ok installed\nVersion: 2:4.0.4-4\n\n")
	m.write("/etc/sysctl.d/README.sysctl", "")
	m.write("/etc/modules-load.d/x.conf", "")
	return m
}

func (m *machine) write(p, text string) {
	m.t.Helper()
	full := filepath.Join(m.root, p)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) survey() *Survey {
	m.t.Helper()
	h, err := host.At(m.root)
	if err != nil {
		m.t.Fatal(err)
	}
	s := &Survey{
		Facts:  kernel.Facts{Live: true, Memory: 16 << 30, Modules: m.modules},
		BootID: m.boot, Knobs: map[string]Knob{}, Journal: m.journal, reader: h,
	}
	if s.Catalogue, err = catalogue.Load(); err != nil {
		m.t.Fatal(err)
	}
	if s.Kernel, err = host.ParseKernelVersion(m.kernel); err != nil {
		m.t.Fatal(err)
	}
	for key, value := range m.knobs {
		s.Knobs[key] = Knob{Value: value, Present: true, Refusal: m.refused[key], Unread: m.unread[key]}
		if m.unread[key] != nil {
			s.Knobs[key] = Knob{Present: true, Refusal: m.unread[key], Unread: m.unread[key]}
		}
	}
	if s.versions, err = whowins.DetectVersions(h); err != nil {
		m.t.Fatal(err)
	}
	if err := s.observeFiles(); err != nil {
		m.t.Fatal(err)
	}
	s.Running = m.knobs
	s.Now, s.Elsewhere = s.judged(s.Now), s.judged(s.Elsewhere)
	return s
}

func (m *machine) profile(keys ...profile.Wish) profile.Profile {
	for i := range keys {
		if keys[i].Mode == "" {
			keys[i].Mode = profile.Raise
		}
		keys[i].Why = "because"
	}
	return profile.Profile{Name: "test", Keys: keys}
}

func (m *machine) diff(p profile.Profile) *Draft {
	m.t.Helper()
	cat, err := catalogue.Load()
	if err != nil {
		m.t.Fatal(err)
	}
	d, err := Diff(m.survey(), cat, p, Options{})
	if err != nil {
		m.t.Fatal(err)
	}
	return d
}

// apply carries p out on the data, as plan.Session does on a host.
func (m *machine) apply(p plan.Plan) {
	m.t.Helper()
	for _, c := range p.Changes {
		if !c.Writes() {
			continue
		}
		switch {
		case c.Kind == report.Knob:
			m.knobs[c.Target] = *c.After
		case c.Kind == report.File && c.After == nil:
			if err := os.Remove(filepath.Join(m.root, c.Target)); err != nil {
				m.t.Fatal(err)
			}
		case c.Kind == report.File:
			m.write(c.Target, *c.After)
		}
	}
	m.journal = m.journal.After(p, m.boot)
}

// reboot gives every key what the files and the kernel's defaults say.
func (m *machine) reboot() {
	m.t.Helper()
	m.boot += "+"
	s := m.survey()
	cat, _ := catalogue.Load()
	for key := range m.knobs {
		k, err := cat.Lookup(key)
		if err != nil {
			m.t.Fatal(err)
		}
		if value, known := s.afterReboot(s.Now, k); known {
			m.knobs[key] = value
		}
	}
}

func find(t *testing.T, changes []plan.Change, target string) plan.Change {
	t.Helper()
	for _, c := range changes {
		if c.Target == target {
			return c
		}
	}
	t.Fatalf("no change of %s", target)
	return plan.Change{}
}

func (m *machine) read(p string) string {
	data, err := os.ReadFile(filepath.Join(m.root, p))
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if err != nil {
		m.t.Fatal(err)
	}
	return string(data)
}

const rmem, rmemMax, finTimeout, somaxconn = "net.ipv4.tcp_rmem", "net.core.rmem_max", "net.ipv4.tcp_fin_timeout", "net.core.somaxconn"

func TestRaiseNeverLowers(t *testing.T) {
	m := newMachine(t, "6.17.0")
	m.knobs[rmem] = "4096 131072 33554432"
	d := m.diff(m.profile(profile.Wish{Key: rmem, Value: "4096 131072 16777216"}))
	if c := find(t, d.Changes, rmem); c.Status != report.Kept || !strings.Contains(c.Reason, "host already has more") {
		t.Errorf("%s: %s", c.Status, c.Reason)
	}
	if !d.Empty() {
		t.Errorf("planned %+v", d.Changes)
	}
}

func TestHighValueOfAPassingSysctlIsPersisted(t *testing.T) {
	m := newMachine(t, "6.8.0")
	m.knobs[rmem] = "4096 131072 67108864"
	d := m.diff(m.profile(profile.Wish{Key: rmem, Value: "4096 131072 16777216"}))
	if c := find(t, d.Changes, firstOwnPath); !strings.Contains(*c.After, rmem+" = 4096 131072 67108864") {
		t.Errorf("file is\n%s", *c.After)
	}
}

func TestSecondPlanIsEmpty(t *testing.T) {
	m := newMachine(t, "6.8.0")
	p := m.profile(profile.Wish{Key: rmem, Value: "4096 131072 16777216"}, profile.Wish{Key: finTimeout, Value: "30"},
		profile.Wish{Key: "net.ipv4.tcp_congestion_control", Value: "bbr", Mode: profile.ExactMode})
	m.apply(m.diff(p).Plan)
	m.modules["tcp_bbr"] = host.ModuleLoaded
	if d := m.diff(p); !d.Empty() || !d.Converged() {
		t.Errorf("planned %+v", d.Changes)
	}
	m.reboot()
	if d := m.diff(p); !d.Converged() {
		t.Errorf("after a reboot: %+v", d.Keys())
	}
}

// The values of a profile must not count as the host's own, or a large profile could never be left again.
func TestSwitchToASmallerProfileComesDown(t *testing.T) {
	m := newMachine(t, "6.8.0")
	m.apply(m.diff(m.profile(profile.Wish{Key: rmem, Value: "4096 131072 268435456"}, profile.Wish{Key: finTimeout, Value: "10"})).Plan)
	d := m.diff(m.profile(profile.Wish{Key: rmem, Value: "4096 131072 16777216"}))
	if c := find(t, d.Changes, rmem); *c.After != "4096 131072 16777216" || c.Status != report.Planned {
		t.Errorf("%s: %s", c.Status, *c.After)
	}
	if c := find(t, d.Changes, finTimeout); c.Status != report.Planned || *c.After != "60" || !c.Release {
		t.Errorf("%+v", c)
	}
	m.apply(d.Plan)
	m.reboot()
	if m.knobs[finTimeout] != "60" || m.knobs[rmem] != "4096 131072 16777216" {
		t.Errorf("after a reboot: %v", m.knobs)
	}
}

func TestSwitchAfterARebootComesDownToo(t *testing.T) {
	m := newMachine(t, "6.8.0")
	m.apply(m.diff(m.profile(profile.Wish{Key: rmem, Value: "4096 131072 268435456"})).Plan)
	m.reboot()
	d := m.diff(m.profile(profile.Wish{Key: rmem, Value: "4096 131072 16777216"}))
	if c := find(t, d.Changes, rmem); c.Status != report.Planned || *c.After != "4096 131072 16777216" {
		t.Errorf("%s: %s", c.Status, *c.After)
	}
}

func TestLineThatANewerKernelHasOvertakenIsFlaggedAndDropped(t *testing.T) {
	m := newMachine(t, "6.8.0")
	p := m.profile(profile.Wish{Key: rmem, Value: "4096 131072 16777216"})
	m.apply(m.diff(p).Plan)
	m.kernel = "6.17.0"
	m.reboot()
	d := m.diff(p)
	key := d.Keys()[0]
	if key.Status != report.Planned || !strings.Contains(key.Reason, "the default of kernel 6.17 is higher") {
		t.Errorf("%s: %s", key.Status, key.Reason)
	}
	m.apply(d.Plan)
	if text := m.read(firstOwnPath); strings.Contains(text, rmem) {
		t.Errorf("the line is still there:\n%s", text)
	}
	if m.knobs[rmem] != "4096 131072 33554432" {
		t.Errorf("running %s", m.knobs[rmem])
	}
}

func TestOurFileTakesTheLowestNameThatWins(t *testing.T) {
	for rival, want := range map[string]string{
		"10-a.conf":      "60-tcptune.conf",
		"70-a.conf":      "70-tcptune.conf",
		"70-z.conf":      "71-tcptune.conf",
		"99-sysctl.conf": "99-tcptune.conf",
		"99-uuu.conf":    "99-zz-tcptune.conf",
		"99-zzz.conf":    "zz-tcptune.conf",
		"zzz.conf":       "zzzz-tcptune.conf",
	} {
		m := newMachine(t, "6.8.0")
		m.write("/etc/sysctl.d/"+rival, finTimeout+" = 100\n")
		d := m.diff(m.profile(profile.Wish{Key: finTimeout, Value: "30"}))
		c := find(t, d.Changes, sysctlFolder+"/"+want)
		if key := find(t, d.Changes, finTimeout); key.DecidedBy != nil {
			t.Errorf("%s: overridden: %s", rival, key.Reason)
		}
		m.apply(d.Plan)
		m.reboot()
		if m.knobs[finTimeout] != "30" {
			t.Errorf("%s: %s did not win: %s", rival, c.Target, m.knobs[finTimeout])
		}
	}
}

func TestRivalThatComesLaterMovesOurFile(t *testing.T) {
	m := newMachine(t, "6.8.0")
	p := m.profile(profile.Wish{Key: finTimeout, Value: "30"})
	m.apply(m.diff(p).Plan)
	m.write("/etc/sysctl.d/80-a.conf", finTimeout+" = 100\n")
	d := m.diff(p)
	if key := d.Keys()[0]; key.Status == report.Unchanged || *key.DecidedBy.Reboot != "/etc/sysctl.d/80-a.conf:1" {
		t.Errorf("status is %s by %v", key.Status, key.DecidedBy)
	}
	m.apply(d.Plan)
	if m.read(firstOwnPath) != "" || m.read(sysctlFolder+"/80-tcptune.conf") == "" {
		t.Error("our file did not move")
	}
	if d := m.diff(p); !d.Converged() {
		t.Errorf("not converged: %+v", d.Keys())
	}
}

func TestWhereNoNameCanWinItIsSaid(t *testing.T) {
	m := newMachine(t, "6.8.0")
	m.write("/etc/sysctl.conf", "# procps reads this last\n"+finTimeout+" = 100\n")
	d := m.diff(m.profile(profile.Wish{Key: finTimeout, Value: "30"}))
	c := find(t, d.Changes, finTimeout)
	if c.DecidedBy == nil || *c.DecidedBy.SysctlSystem != "/etc/sysctl.conf:2" || !strings.Contains(c.Reason, "/etc/sysctl.conf:2") {
		t.Errorf("%+v", c)
	}
}

func TestFilesOfOthersAreNeverReplaced(t *testing.T) {
	p := newMachine(t, "6.8.0").profile(profile.Wish{Key: finTimeout, Value: "30"})
	t.Run("foreign", func(t *testing.T) {
		m := newMachine(t, "6.8.0")
		m.write(firstOwnPath, "# mine\n")
		if d := m.diff(p); !report.Is(d.Blocked, CodeForeignFile) {
			t.Errorf("blocked by %v", d.Blocked)
		}
	})
	t.Run("edited", func(t *testing.T) {
		m := newMachine(t, "6.8.0")
		m.apply(m.diff(p).Plan)
		m.write(firstOwnPath, m.read(firstOwnPath)+"vm.swappiness = 1\n")
		m.knobs[somaxconn] = "4096"
		if d := m.diff(m.profile(profile.Wish{Key: somaxconn, Value: "65535"})); !report.Is(d.Blocked, CodeEditedFile) {
			t.Errorf("blocked by %v", d.Blocked)
		}
	})
	t.Run("masked", func(t *testing.T) {
		m := newMachine(t, "6.8.0")
		if err := os.Symlink("/dev/null", filepath.Join(m.root, firstOwnPath)); err != nil {
			t.Fatal(err)
		}
		if d := m.diff(p); !report.Is(d.Blocked, CodeForeignFile) {
			t.Errorf("blocked by %v", d.Blocked)
		}
	})
}

func TestUnionKeepsThePortsOfTheHost(t *testing.T) {
	const reserved = "net.ipv4.ip_local_reserved_ports"
	m := newMachine(t, "6.8.0")
	m.knobs[reserved] = "8080,9000-9010"
	d := m.diff(m.profile(profile.Wish{Key: reserved, Value: "9005-9020,11211", Mode: profile.UnionMode}))
	if c := find(t, d.Changes, reserved); *c.After != "8080,9000-9020,11211" {
		t.Errorf("after is %s", *c.After)
	}
}

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

func TestRevertInTheSameBootRestoresEveryValue(t *testing.T) {
	m := newMachine(t, "6.8.0")
	before := maps.Clone(m.knobs)
	m.apply(m.diff(m.profile(profile.Wish{Key: rmem, Value: "4096 131072 16777216"}, profile.Wish{Key: finTimeout, Value: "30"})).Plan)
	m.apply(m.diff(m.profile(profile.Wish{Key: finTimeout, Value: "15"})).Plan)
	m.apply(m.revert())
	if diff := cmp.Diff(before, m.knobs); diff != "" {
		t.Error(diff)
	}
	if m.read(firstOwnPath) != "" || len(m.journal.Owned) != 0 {
		t.Errorf("left over: %s, %+v", m.read(firstOwnPath), m.journal)
	}
}

func (m *machine) revert() plan.Plan {
	m.t.Helper()
	cat, err := catalogue.Load()
	if err != nil {
		m.t.Fatal(err)
	}
	return Revert(m.survey(), cat)
}

func TestRevertLeavesWhatSomebodyElseChanged(t *testing.T) {
	m := newMachine(t, "6.8.0")
	m.apply(m.diff(m.profile(profile.Wish{Key: finTimeout, Value: "30"}, profile.Wish{Key: somaxconn, Value: "65535"})).Plan)
	m.knobs[finTimeout] = "42"
	p := m.revert()
	if c := find(t, p.Changes, finTimeout); c.Status != report.Kept || !strings.Contains(c.Reason, "somebody else") {
		t.Errorf("%+v", c)
	}
	if c := find(t, p.Changes, somaxconn); c.Status != report.Planned || *c.After != "4096" {
		t.Errorf("%+v", c)
	}
}

func TestRevertAfterARebootInventsNothing(t *testing.T) {
	m := newMachine(t, "6.8.0")
	m.write("/etc/sysctl.d/50-app.conf", somaxconn+" = 8192\n")
	m.knobs[somaxconn] = "8192"
	m.apply(m.diff(m.profile(profile.Wish{Key: finTimeout, Value: "30"}, profile.Wish{Key: somaxconn, Value: "65535"})).Plan)
	m.reboot()
	p := m.revert()
	if c := find(t, p.Changes, somaxconn); c.Status != report.Planned || *c.After != "8192" {
		t.Errorf("a remaining file sets it: %+v", c)
	}
	if c := find(t, p.Changes, finTimeout); c.Status != report.Kept || !strings.Contains(c.Reason, "until the next one") {
		t.Errorf("nothing sets it any more: %+v", c)
	}
}

// What the host had before the first apply would be lost at a reboot without us; with us it must not be.
func TestWhatTheHostHadSurvivesReboots(t *testing.T) {
	const reserved = "net.ipv4.ip_local_reserved_ports"
	m := newMachine(t, "6.8.0")
	m.knobs[somaxconn], m.knobs[reserved] = "100000", "8080,8443"
	p := m.profile(profile.Wish{Key: somaxconn, Value: "65535"}, profile.Wish{Key: reserved, Value: "11211", Mode: profile.UnionMode})
	for range 3 {
		m.apply(m.diff(p).Plan)
		m.reboot()
		if m.knobs[somaxconn] != "100000" || m.knobs[reserved] != "8080,8443,11211" {
			t.Fatalf("somaxconn %s, reserved %s", m.knobs[somaxconn], m.knobs[reserved])
		}
	}
	if d := m.diff(p); !d.Converged() {
		t.Errorf("not converged: %+v", d.Keys())
	}
}

func TestKeysThatAnImageHasSetAtBootAreOursToo(t *testing.T) {
	m := newMachine(t, "6.8.0")
	server := m.profile(profile.Wish{Key: somaxconn, Value: "65535"}, profile.Wish{Key: rmem, Value: "4096 131072 16777216"})
	// As apply --root leaves it: the files and a journal without a boot.
	d := m.diff(server)
	m.write(firstOwnPath, *d.own.Content)
	m.journal = plan.Journal{}.After(plan.Plan{Changes: []plan.Change{find(t, d.Changes, firstOwnPath)}}, "")
	m.knobs[somaxconn], m.knobs[rmem] = "65535", "4096 131072 16777216"

	classic := m.profile(profile.Wish{Key: rmem, Value: "4096 65536 8388608", Mode: profile.ExactMode})
	d = m.diff(classic)
	if c := find(t, d.Changes, somaxconn); c.Status != report.Kept || !strings.Contains(c.Reason, "until the next one") {
		t.Errorf("a key that the new profile does not want: %+v", c)
	}
	m.apply(d.Plan)
	for _, c := range m.revert().Changes {
		if c.Target == rmem && (c.Status != report.Kept || c.After != nil) {
			t.Errorf("goes back to what our own file had set: %+v", c)
		}
	}
}

func TestValueThatWasLostAndSetAgainIsRevertedInItsBoot(t *testing.T) {
	m := newMachine(t, "6.8.0")
	p := m.profile(profile.Wish{Key: finTimeout, Value: "30"})
	m.apply(m.diff(p).Plan)
	m.reboot()
	m.knobs[finTimeout] = "55" // something at boot was later than our file
	m.apply(m.diff(p).Plan)
	if c := find(t, m.revert().Changes, finTimeout); c.Status != report.Planned || *c.After != "55" {
		t.Errorf("%+v", c)
	}
}

func TestNonsenseOnTheHostIsRepairedNotRaised(t *testing.T) {
	for _, where := range []string{"running", "in a file"} {
		m := newMachine(t, "6.8.0")
		if where == "running" {
			m.knobs[finTimeout] = "-5"
		} else {
			m.write("/etc/sysctl.d/50-a.conf", finTimeout+" = -5\n")
		}
		d := m.diff(m.profile(profile.Wish{Key: finTimeout, Value: "30"}))
		if c := find(t, d.Changes, finTimeout); *c.After != "30" {
			t.Errorf("%s: %+v", where, c)
		}
		m.apply(d.Plan)
		m.reboot()
		if m.knobs[finTimeout] != "30" {
			t.Errorf("%s: %s after a reboot", where, m.knobs[finTimeout])
		}
	}
}

// The kernel keeps what it has when a number does not fit.
func TestValueThatTheKernelCannotTakeIsNotEnough(t *testing.T) {
	for _, nonsense := range []string{"99999999999", "2147483648"} {
		m := newMachine(t, "6.8.0")
		m.knobs[somaxconn] = "4096"
		m.write("/etc/sysctl.d/90-a.conf", somaxconn+" = "+nonsense+"\n")
		p := m.profile(profile.Wish{Key: somaxconn, Value: "65535", Mode: profile.Raise})
		d := m.diff(p)
		if k := d.Keys()[0]; *k.AfterReboot != "4096" || *k.AfterSysctlSystem != "4096" || k.Status != report.Planned {
			t.Errorf("before: %+v", k)
		}
		m.apply(d.Plan)
		if k := m.diff(p).Keys()[0]; k.Status != report.Unchanged || *k.AfterReboot != "65535" {
			t.Errorf("after an apply: %+v", k)
		}
		m.write("/etc/sysctl.d/zzzzz.conf", somaxconn+" = "+nonsense+"\n")
		k := m.diff(p).Keys()[0]
		if k.Status != report.Overridden || *k.AfterReboot != "4096" ||
			!strings.Contains(k.Reason, "zzzzz.conf:1 assigns it, but the kernel refuses the value") {
			t.Errorf("behind every name of ours: %+v", k)
		}
		m.reboot()
		m.knobs[somaxconn] = "65535" // by hand
		if c := find(t, m.revert().Changes, somaxconn); c.Status != report.Kept {
			t.Errorf("revert: %+v", c)
		}
	}
}

func TestFileInThePlaceOfTheFolderIsNamed(t *testing.T) {
	m := newMachine(t, "6.8.0")
	m.write("/elsewhere/sysctl.d", "")
	h, err := host.At(filepath.Join(m.root, "elsewhere"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readOptional(h, "/sysctl.d/60-tcptune.conf"); err == nil || err.Error() != "cannot read /sysctl.d/60-tcptune.conf: not a directory" {
		t.Error(err)
	}
}

func TestReasonSaysWhyNoFileCounts(t *testing.T) {
	m := newMachine(t, "6.8.0")
	p := m.profile(profile.Wish{Key: finTimeout, Value: "30"})
	m.apply(m.diff(p).Plan)
	m.write("/etc/systemd/system/x", "")
	if err := os.Symlink("/dev/null", filepath.Join(m.root, "etc/systemd/system/systemd-sysctl.service")); err != nil {
		t.Fatal(err)
	}
	const want = "after a reboot it is 60, by the kernel's default: systemd-sysctl.service is masked"
	if k := m.diff(p).Keys()[0]; k.Status != report.Overridden || k.Reason != want {
		t.Errorf("%+v", k)
	}
}

// hidden is a host of which one file is for root only.
type hidden struct {
	whowins.Reader
	path string
}

func (h hidden) Live() bool { return true }

func (h hidden) ReadFile(p string) ([]byte, error) {
	if p == h.path {
		return nil, &fs.PathError{Op: "open", Path: p, Err: fs.ErrPermission}
	}
	return h.Reader.ReadFile(p)
}

func TestFileForRootOnlyIsSaidToBeUnread(t *testing.T) {
	m := newMachine(t, "6.8.0")
	m.write("/etc/sysctl.d/99-secret.conf", finTimeout+" = 45\n")
	s := m.survey()
	var err error
	if s.Now, err = whowins.NewForecaster(hidden{s.reader, "/etc/sysctl.d/99-secret.conf"}, s.versions); err != nil {
		t.Fatal(err)
	}
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	d, err := Diff(s, cat, m.profile(profile.Wish{Key: finTimeout, Value: "30"}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	const want = "/etc/sysctl.d/99-secret.conf: cannot read: permission denied; what it sets is not known here"
	if diff := cmp.Diff([]string{want}, d.Unread()); diff != "" || !slices.Contains(d.Warnings, want) {
		t.Error(diff, d.Warnings)
	}
	if k := d.Keys()[0]; k.Status.Good() || !strings.Contains(k.Unknown[report.KeyAfterReboot], "99-secret.conf: cannot read") {
		t.Errorf("%s, %v", k.Status, k.Unknown)
	}
	if d.own.Path <= sysctlFolder+"/99-secret.conf" {
		t.Errorf("our file is %s, and would not stand behind what cannot be read", d.own.Path)
	}
}

// The real systemd-sysctl waits for a writer, and is ended by the TimeoutSec= of its unit before it has set anything.
func TestANamedPipeLeavesOpenWhatTheNextBootBrings(t *testing.T) {
	m := newMachine(t, "6.8.0")
	m.write("/etc/sysctl.d/10-a.conf", "")
	if err := unix.Mkfifo(filepath.Join(m.root, "/etc/sysctl.d/99-pipe.conf"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := m.diff(m.profile(profile.Wish{Key: finTimeout, Value: "30"}))
	if unread := d.Unread(); len(unread) != 1 || !strings.HasPrefix(unread[0], "/etc/sysctl.d/99-pipe.conf: a named pipe: systemd-sysctl waits ") {
		t.Error(unread)
	}
}

func TestMaskOfTheOperatorIsLeftAndTheRestReverted(t *testing.T) {
	m := newMachine(t, "6.8.0")
	m.apply(m.diff(m.profile(profile.Wish{Key: finTimeout, Value: "30"})).Plan)
	if err := os.Remove(filepath.Join(m.root, firstOwnPath)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/null", filepath.Join(m.root, firstOwnPath)); err != nil {
		t.Fatal(err)
	}
	p := m.revert()
	if c := find(t, p.Changes, firstOwnPath); c.Status != report.Kept {
		t.Errorf("%+v", c)
	}
	if c := find(t, p.Changes, finTimeout); c.Status != report.Planned || *c.After != "60" {
		t.Errorf("%+v", c)
	}
}

func TestWhatTheKernelRefusedIsNotTriedAgainInThatBootAndGetsNoLine(t *testing.T) {
	m := newMachine(t, "6.8.0")
	p := m.profile(profile.Wish{Key: finTimeout, Value: "30"}, profile.Wish{Key: "net.ipv4.tcp_congestion_control", Value: "bbr", Mode: profile.ExactMode})
	m.modules["tcp_bbr"] = host.ModuleUnknown
	m.journal.Refused = []plan.Refusal{{Target: "net.ipv4.tcp_congestion_control", Value: "bbr", BootID: m.boot, Reason: "no"}}
	d := m.diff(p)
	if c := find(t, d.Changes, "net.ipv4.tcp_congestion_control"); c.Status != report.Refused {
		t.Errorf("%+v", c)
	}
	if text := *find(t, d.Changes, firstOwnPath).After; strings.Contains(text, "bbr") {
		t.Errorf("the file asks for it at the next boot:\n%s", text)
	}
	m.modules["tcp_bbr"] = host.ModuleLoaded
	if c := find(t, m.diff(p).Changes, "net.ipv4.tcp_congestion_control"); c.Status != report.Planned {
		t.Errorf("the module is there now: %+v", c)
	}
	m.modules["tcp_bbr"] = host.ModuleUnknown
	m.boot = "another"
	if c := find(t, m.diff(p).Changes, "net.ipv4.tcp_congestion_control"); c.Status != report.Planned {
		t.Errorf("it is another boot: %+v", c)
	}
}
