package sysctl

import (
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
)

const qdiscKey = "net.core.default_qdisc"

// ObserveLinks adds the interfaces and their root queue disciplines to the survey. Only who is going to change them, or
// changed them before, needs them.
func (s *Survey) ObserveLinks(h host.Host) error {
	names, err := h.PhysicalLinks()
	if err != nil {
		return err
	}
	for _, o := range s.Journal.Owned {
		if o.Kind == report.Qdisc && !slices.Contains(names, o.Target) {
			names = append(names, o.Target)
		}
	}
	for _, name := range names {
		q, err := h.RootQdisc(name)
		if err != nil {
			continue // it went away meanwhile
		}
		s.Links = append(s.Links, Link{name, q})
	}
	return nil
}

// planLinks gives the wanted default queue discipline to the interfaces that are up already; the key itself reaches
// only those that appear later. An interface on which somebody has set one is left alone.
func (d *Draft) planLinks() {
	i := slices.IndexFunc(
		d.decisions,
		func(dec decision) bool { return dec.key.Name == qdiscKey && !dec.status.Partial() },
	)
	if i < 0 {
		d.Warnings = append(
			d.Warnings,
			"the queue disciplines of the interfaces are left as they are: the profile wants none that this kernel has",
		)
		return
	}
	want := d.decisions[i].want
	for _, l := range d.survey.Links {
		now, attached := strings.CutPrefix(l.Qdisc, "default ")
		after := want
		if now == "mq" || strings.HasPrefix(now, "mq ") {
			after = "mq " + want
		}
		if now == "noqueue" {
			continue // the driver wants none, as for Wi-Fi, which queues by itself
		}
		c := plan.Change{
			Change: report.Change{
				Kind: report.Qdisc, Target: l.Name, Before: &l.Qdisc, After: &after, Status: report.Planned,
				Why: "the interface was up before " + qdiscKey + " changed", Source: d.Source(),
			},
			Needs: plan.Ref{Kind: report.Knob, Target: qdiscKey},
		}
		switch {
		case now == after:
			c.Status, c.Effective = report.Unchanged, &l.Qdisc
		case !attached && !d.survey.ownsLink(l):
			c.Status, c.Reason, c.Effective = report.Kept, "somebody has set this queue discipline on purpose", &l.Qdisc
		}
		d.add(c)
	}
}

// planLinkReturns gives back the queue disciplines that tcptune has set and that are not asked for any more.
func (d *Draft) planLinkReturns() {
	for _, o := range d.survey.Journal.Owned {
		if o.Kind != report.Qdisc {
			continue
		}
		c := d.survey.giveLinkBack(o)
		c.Why, c.Source = "not asked for any more", d.Source()
		if !c.Writes() {
			d.Forget = append(d.Forget, o.Ref())
		}
		d.add(c)
	}
}

// ownsLink reports whether the queue discipline of l is the one that tcptune has set.
func (s *Survey) ownsLink(l Link) bool {
	o, owned := s.Journal.Find(plan.Ref{Kind: report.Qdisc, Target: l.Name})
	return owned && o.Left() != nil && *o.Left() == l.Qdisc
}

// OwnsLinks reports whether tcptune has set a queue discipline of an interface.
func (s *Survey) OwnsLinks() bool {
	return slices.ContainsFunc(s.Journal.Owned, func(o plan.Owned) bool { return o.Kind == report.Qdisc })
}
