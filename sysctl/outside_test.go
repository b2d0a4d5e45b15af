package sysctl

import (
	"slices"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// TestAKeyOutsideTheCatalogueIsPlannedAsItStands holds that a key of which no range is known is written, kept by a line,
// given back, and that the plan says that nothing checks it.
func TestAKeyOutsideTheCatalogueIsPlannedAsItStands(t *testing.T) {
	const key = "net.ipv4.igmp_max_memberships"
	m := newMachine(t, "6.8.0")
	m.knobs[key] = "20"
	p := m.profile(profile.Wish{Key: key, Value: "40", Mode: profile.ExactMode})
	d := m.diff(p)
	i := slices.IndexFunc(d.Changes, func(c plan.Change) bool { return c.Target == key })
	if i < 0 {
		t.Fatalf("it is not in the plan: %+v", d.Changes)
	}
	c := d.Changes[i]
	if c.Status != report.Planned || *c.Before != "20" || *c.After != "40" || !strings.Contains(c.Why, catalogue.NoRange) {
		t.Errorf("got %+v", c.Change)
	}
	if !strings.Contains(*d.own.Content, key+" = 40\n") {
		t.Errorf("no line keeps it:\n%s", *d.own.Content)
	}
	m.apply(d.Plan)
	m.apply(m.diff(m.profile(profile.Wish{Key: "net.core.somaxconn", Value: "8192"})).Plan)
	if got := m.knobs[key]; got != "20" {
		t.Errorf("another profile leaves %s, want 20", got)
	}
	if own := m.read("/etc/sysctl.d/60-tcptune.conf"); strings.Contains(own, key) {
		t.Errorf("another profile keeps the line:\n%s", own)
	}
	m.apply(m.diff(p).Plan)
	m.apply(m.revert())
	if got := m.knobs[key]; got != "20" || len(m.journal.Owned) > 0 {
		t.Errorf("a revert leaves %s and %+v", got, m.journal.Owned)
	}
}
