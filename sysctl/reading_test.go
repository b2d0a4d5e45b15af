package sysctl

import (
	"io/fs"
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
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

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
