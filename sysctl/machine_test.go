package sysctl

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/kernel"
	"github.com/tcptune/tcptune/sysctl/profile"
	"github.com/tcptune/tcptune/sysctl/whowins"
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
