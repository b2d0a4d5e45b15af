package catalogue

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/tcptune/tcptune/internal/host"
)

// holding makes a machine that has Linux 6.8, some modules, and the values of some keys.
func holding(values map[string]string) Machine {
	return Machine{
		Kernels: []KernelVersion{{6, 8}},
		Modules: map[string]host.ModuleState{
			"tcp_bbr": host.ModuleLoadable, "tcp_bbr2": host.ModuleAbsent, "sch_fq": host.ModuleBuiltin,
			"nf_conntrack": host.ModuleLoadable,
		},
		Lists: map[string]string{
			"net.ipv4.tcp_available_congestion_control": "reno cubic lp",
			"net.ipv4.tcp_allowed_congestion_control":   "reno cubic",
		},
		Value: func(key string) (string, bool) { v, known := values[key]; return v, known },
	}
}

const (
	portRange1 = "net.ipv4.ip_local_port_range"
	unpriv     = "net.ipv4.ip_unprivileged_port_start"
	congestion = "net.ipv4.tcp_congestion_control"
	qdisc      = "net.core.default_qdisc"
)

func TestTheKernelRefusesWhatDoesNotMeetAConditionOutsideTheLine(t *testing.T) {
	t.Parallel()
	cat := loadCatalogue(t)
	for _, c := range []struct {
		name, key, value string
		change           func(*Machine)
		want             Taken
		reason           string
	}{
		{"a range above the privileged ports", portRange1, "1024 65535", nil, Takes, ""},
		{"a range below them", portRange1, "500 65535", nil, Refuses, "below net.ipv4.ip_unprivileged_port_start: 500 is below 1024"},
		{"a range that another line has made possible", portRange1, "500 65535", func(m *Machine) {
			m.Value = func(string) (string, bool) { return "80", true }
		}, Takes, ""},
		{"a range against what nobody knows", portRange1, "500 65535", func(m *Machine) { m.Value = nil }, Unsure, "is not known"},
		{"a range with its ends exchanged", portRange1, "60000 50000", nil, Refuses, "below its low"},
		{"one end of the range, the other is kept", portRange1, "2000", nil, Takes, ""},
		{"privileged ports into the range", unpriv, "40000", nil, Refuses, "above low of net.ipv4.ip_local_port_range"},
		{"privileged ports below the range", unpriv, "80", nil, Takes, ""},
		{"a congestion control that is listed and no module", congestion, "lp", nil, Takes, ""},
		{"one that every kernel has", congestion, "reno", func(m *Machine) { m.Lists = nil }, Takes, ""},
		{"one that a module brings", congestion, "bbr", nil, Takes, ""},
		{"one that nothing can bring any more", congestion, "bbr", func(m *Machine) { m.Locked = true }, Refuses, "modules_disabled"},
		{"one that this kernel does not have", congestion, "bbr2", nil, Refuses, "no bbr2: module tcp_bbr2 is neither"},
		{"one whose module nobody looked for", congestion, "bbr3", nil, Unsure, "needs module tcp_bbr3"},
		{"one that cannot be a name", congestion, "bbr # x", nil, Refuses, "name"},
		{"one that is not allowed in a container", congestion, "lp", func(m *Machine) { m.Own = true }, Refuses, "not among it"},
		{"one that is", congestion, "cubic", func(m *Machine) { m.Own = true }, Takes, ""},
		{"a queue discipline that every kernel has", qdisc, "pfifo_fast", func(m *Machine) { m.Modules = nil }, Takes, ""},
		{"one that is built in", qdisc, "fq", nil, Takes, ""},
		{"one of which nothing is known", qdisc, "cake", func(m *Machine) { m.Unseen = "no kernel is installed" }, Unsure, "no kernel is installed"},
		{"a value that only newer kernels take", "net.ipv4.tcp_ecn", "3", nil, Refuses, "takes 0 to 2 for net.ipv4.tcp_ecn before Linux 7.0, not 3"},
		{"such a value on such a kernel", "net.ipv4.tcp_ecn", "3", func(m *Machine) { m.Kernels[0] = KernelVersion{7, 0} }, Takes, ""},
		{"such a value where two kernels may boot", "net.ipv4.tcp_ecn", "3", func(m *Machine) {
			m.Kernels = append(m.Kernels, KernelVersion{7, 0})
		}, Unsure, "do not agree"},
		{"such a value where no kernel is known", "net.ipv4.tcp_ecn", "3", func(m *Machine) { m.Kernels = nil }, Unsure, "not every kernel"},
		{"a value that each of them takes", "net.ipv4.tcp_ecn", "1", func(m *Machine) { m.Kernels = nil }, Takes, ""},
		{"a value beyond what the newest known kernel takes", "net.ipv4.tcp_ecn", "6", func(m *Machine) {
			m.Kernels[0] = KernelVersion{9, 0}
		}, Unsure, "newer kernel"},
		{"a key that this kernel does not have yet", "net.ipv4.tcp_tw_reuse_delay", "1000", nil, Absent, "appeared in Linux 6.14"},
		{"a key that not every kernel has", "net.ipv4.tcp_tw_reuse_delay", "1000", func(m *Machine) { m.Kernels = nil }, Unsure, "not every kernel has"},
		{"a key that a module brings", "net.netfilter.nf_conntrack_max", "65536", nil, Takes, ""},
		{"a key whose module is not there", "net.netfilter.nf_conntrack_max", "65536", func(m *Machine) {
			m.Modules["nf_conntrack"] = host.ModuleAbsent
		}, Absent, "comes with module nf_conntrack"},
		{"a key whose module cannot be seen", "net.netfilter.nf_conntrack_max", "65536", func(m *Machine) { m.Modules = nil }, Unsure, "cannot be seen"},
		{"text behind a number", "net.ipv4.tcp_fin_timeout", "15 # seconds", nil, Takes, ""},
		{"text at a number", "net.ipv4.tcp_fin_timeout", "15s", nil, Refuses, "whole number"},
		{"text behind a port", "net.ipv4.ip_local_reserved_ports", "8080 # x", nil, Refuses, "no port list"},
		{"no number", "net.ipv4.tcp_fin_timeout", "", nil, Refuses, "not nothing"},
		{"a number of which nobody knows", "net.ipv4.tcp_fin_timeout", "-5", nil, Unsure, "whether the kernel takes that"},
	} {
		m := holding(map[string]string{unpriv: "1024", portRange1: "32768 60999"})
		if c.change != nil {
			c.change(&m)
		}
		k, err := cat.Lookup(c.key)
		if err != nil {
			t.Fatal(err)
		}
		got := k.Judge(c.value, m)
		if got.Taken != c.want || !strings.Contains(got.Reason, c.reason) {
			t.Errorf("%s: %s = %q is %s (%s), want %s (%s)", c.name, c.key, c.value, got.Taken, got.Reason, c.want, c.reason)
		}
		if (got.Reason == "") != (got.Taken == Takes) {
			t.Errorf("%s: %s with the reason %q", c.name, got.Taken, got.Reason)
		}
	}
}

// The kernel that runs here is asked: what the catalogue says of the values at the bounds of each field that it knows,
// and of values of every odd form, must be what becomes of them in a network namespace.
func TestTheRunningKernelTakesAndRefusesWhatTheCatalogueSays(t *testing.T) {
	if os.Getenv(inNetns) == "" {
		if os.Geteuid() != 0 {
			t.Skip("SKIP: a network namespace needs root")
		}
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), inNetns+"=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		testAliases(t, host.Host{}, false)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		t.Logf("%s", out)
		return
	}
	h := host.Host{}
	release, err := h.KernelRelease()
	if err != nil {
		t.Fatal(err)
	}
	version, err := host.ParseKernelVersion(release)
	if err != nil {
		t.Fatal(err)
	}
	lists := map[string]string{}
	for _, key := range []string{"net.ipv4.tcp_available_congestion_control", "net.ipv4.tcp_allowed_congestion_control"} {
		if lists[key], err = h.ReadKnob(key); err != nil {
			t.Fatal(err)
		}
	}
	machine := Machine{Kernels: []KernelVersion{version}, Lists: lists, Own: true, Value: func(key string) (string, bool) {
		v, err := h.ReadKnob(key)
		return v, err == nil
	}}
	asked := 0
	for _, k := range loadCatalogue(t).Keys() {
		if k.Scope != PerNetns || k.Module != "" || k.OnKernel(version) != nil {
			continue
		}
		for _, value := range valuesToTry(k) {
			j := k.Judge(value, machine)
			if j.Taken == Unsure {
				continue
			}
			asked++
			before, err := h.ReadKnob(k.Name)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			err = h.WriteKnob(k.Name, value)
			if errors.Is(err, host.ErrShortWrite) {
				err = nil // the kernel has read what it wanted
			}
			if after, _ := h.ReadKnob(k.Name); (err == nil) != (j.Taken == Takes) {
				t.Errorf("%s = %q: the kernel says %v, and has %q; the catalogue says %s: %s", k.Name, value, err, after, j.Taken, j.Reason)
			}
			if err := h.WriteKnob(k.Name, before); err != nil && before != "" {
				t.Fatalf("cannot give %s back to %s: %v", before, k.Name, err)
			}
		}
	}
	testAliases(t, h, true)
	t.Logf("%d values on Linux %s", asked, release)
	if asked < 500 {
		t.Errorf("only %d values were tried", asked)
	}
}

// testAliases reads each second name, where the kernel has both, and writes to it where it may.
func testAliases(t *testing.T, h host.Host, mayWrite bool) {
	t.Helper()
	for _, a := range loadCatalogue(t).Aliases() {
		want, err := h.ReadKnob(a.Of)
		got, errName := h.ReadKnob(a.Name)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(errName, fs.ErrNotExist) {
			continue // for want of a module, or of the first network namespace
		}
		if mayWrite && h.CanWriteKnob(a.Name) == nil {
			want = map[string]string{"0": "1", "1": "0"}[want]
			err = errors.Join(err, h.WriteKnob(a.Name, want))
			got, errName = h.ReadKnob(a.Of)
		}
		if got != want || err != nil || errName != nil {
			t.Errorf("%s is not a name of %s: %q and %q, %v, %v", a.Name, a.Of, got, want, err, errName)
		}
	}
}

// valuesToTry are the bounds of each field of k, the numbers beside them, and numbers in every form.
func valuesToTry(k Key) []string {
	values := []string{
		"", " ", "5", "5 ", " 5", "5 # x", "5# x", "5,", "5;", "+5", "0x5", "0X5", "05", "09", "0b1", "0o7", "5.0", "1e3", "5_0", "x",
		"5\t6", "5 6 7 8", "5 x", "99999999999999999999", "4294967296", "-1",
	}
	switch k.Kind {
	case Word:
		return []string{"", "reno", "reno ", " reno", "cubic", "bbr", "bbr # x", "bbr2x"}
	case Ports:
		return append(values, "8080,9090", "8080, 9090", "8080,", ",8080", "9090-8080", "8080-9090", "65535", "65536")
	}
	own := strings.Fields(k.Defaults[len(k.Defaults)-1].Value)
	for i, f := range k.Fields {
		for _, r := range f.Takes {
			for _, n := range []int64{r.Min - 1, r.Min, r.Min + 1, r.Max - 1, r.Max, r.Max + 1} {
				words := append([]string{}, own[:min(i, len(own))]...)
				values = append(values, strings.Join(append(words, strconv.FormatInt(n, 10)), " "))
			}
		}
	}
	return values
}
