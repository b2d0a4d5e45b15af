package service

import (
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// unitPlan is what becomes of the units of a service: some are stopped before its files change, others are started, or
// take up the change, after that.
type unitPlan struct{ stops, starts []plan.Change }

func (u *unitPlan) stop(at site, name, why string) {
	u.stops = append(u.stops, at.unitChange(name, plan.Inactive, why))
}

func (u *unitPlan) start(at site, name, value, why string) {
	u.starts = append(u.starts, at.unitChange(name, value, why))
}

// unitChange is never owned: what starts and stops is the business of systemd afterwards.
func (at site) unitChange(name, value, why string) plan.Change {
	before := at.units[name].Active
	return plan.Change{
		Change: report.Change{
			Kind: report.Unit, Target: name, Before: &before, After: &value, Why: why, Source: Source(at.name),
			Status: report.Planned, Required: true,
		}, Release: true,
	}
}

// up reports whether a unit runs, or is about to.
func (at site) up(name string) bool {
	switch at.units[name].Active {
	case "", plan.Inactive, "failed":
		return false
	}
	return true
}

// unitChanges follow from the planned changes of files.
func (at site) unitChanges(p plan.Plan, s Spec, dropped []string, now bool) (u unitPlan) {
	if at.units == nil {
		return u
	}
	changed := func(file string) bool {
		return slices.ContainsFunc(p.Changes, func(c plan.Change) bool {
			return c.Target == file && c.Writes() && c.Before != nil
		})
	}
	unitChanged := func(name string) bool { return changed(path.Join(host.UnitFolder, name)) }
	sockets := []string{s.Name + ".socket"}
	if s.bundled() {
		sockets = append(sockets, s.Name+"-admin.socket")
	}
	service, twin := s.Name+".service", s.Name+"-twin.service"

	for _, suffix := range suffixes() {
		name := s.Name + suffix
		if slices.Contains(dropped, path.Join(host.UnitFolder, name)) && at.up(name) {
			u.stop(at, name, "not part of the service any more")
		}
	}
	reopened := false
	for _, name := range sockets {
		switch {
		case at.up(name) && unitChanged(name):
			u.start(at, name, plan.Restarted, "listens anew, closed while the connections that are open are drained")
			reopened = reopened || at.up(service)
		case !at.up(name) && now:
			u.start(at, name, plan.Active, whyUnit(name))
			reopened = reopened || at.up(service)
		}
	}
	switch {
	case reopened: // and the service with it: it takes its sockets from systemd when it starts
	case at.up(service) && unitChanged(service):
		u.start(at, service, plan.Restarted, "takes up the change; new connections wait meanwhile")
	case at.up(service) && s.bundled() && changed(LimitsPath(s)):
		u.start(at, service, plan.Reloaded, "takes up the limits")
	case !at.up(service) && now && (!p.Empty() || len(u.starts) > 0):
		u.start(at, service, plan.Active, whyUnit(service))
	}
	if len(u.starts) > 0 && at.up(twin) && !slices.ContainsFunc(u.stops, func(c plan.Change) bool { return c.Target == twin }) {
		u.stop(at, twin, "left by an interrupted restart --overlap; it holds the socket")
	}
	return u
}

// isSocket reports whether name is that of a socket unit.
func isSocket(name string) bool { return strings.HasSuffix(name, ".socket") }
