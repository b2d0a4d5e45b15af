package sysctl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/profile"
)

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
