package sysctl

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
)

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
