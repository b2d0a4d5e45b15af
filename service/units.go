package service

import (
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// unitChange is never owned: what starts and stops is the business of systemd afterwards.
func (at site) unitChange(name, value, why string) plan.Change {
	before := at.units[name].Active
	c := change(report.Unit, name, &before, &value, why, at.source())
	c.Release = true
	return c
}

// up reports whether a unit runs, or is about to.
func (at site) up(name string) bool {
	switch at.units[name].Active {
	case "", plan.Inactive, "failed":
		return false
	}
	return true
}

// unitChanges follow from the planned changes of files: some units are stopped before those, others are started, or
// take up the change, after that.
func (at site) unitChanges(p plan.Plan, s Spec, dropped []string, now bool) (stops, starts []plan.Change) {
	if at.units == nil {
		return nil, nil
	}
	stop := func(name, why string) { stops = append(stops, at.unitChange(name, plan.Inactive, why)) }
	start := func(name, value, why string) { starts = append(starts, at.unitChange(name, value, why)) }
	changed := func(file string) bool {
		return slices.ContainsFunc(p.Changes, func(c plan.Change) bool {
			return c.Target == file && c.Writes() && c.Before != nil
		})
	}
	unitChanged := func(name string) bool { return changed(path.Join(host.UnitFolder, name)) }
	all := s.Sockets()
	sockets := slices.Clone(all)
	if s.bundled() {
		sockets = append(sockets, s.Name+adminSuffix)
	}
	service, twin := s.Name+".service", s.Name+"-twin.service"

	for _, name := range at.order {
		if slices.Contains(dropped, path.Join(host.UnitFolder, name)) && at.up(name) {
			stop(name, "not part of the service any more")
		}
	}
	// A socket whose addresses stay is not closed for the rest, its backlog for one: that is taken up when it is opened
	// next.
	was := func(name string) (before, after []string) {
		for _, c := range p.Changes {
			if c.Target == path.Join(host.UnitFolder, name) && c.Writes() && c.Before != nil && c.After != nil {
				return listens(*c.Before), listens(*c.After)
			}
		}
		return nil, nil
	}
	narrowed := func(name string) bool {
		before, after := was(name)
		gone := slices.DeleteFunc(slices.Clone(before), func(l string) bool { return slices.Contains(after, l) })
		other := slices.ContainsFunc(gone, func(l string) bool { return !strings.HasPrefix(l, "Listen") })
		return len(gone) > 0 && !other && within(after, before)
	}
	moved := func(name string) bool {
		before, after := was(name)
		return !slices.Equal(before, after) && !narrowed(name)
	}
	front := func(name string) bool {
		return strings.HasSuffix(name, socketSuffix) && name != s.Name+adminSuffix && at.up(name)
	}
	listening := slices.ContainsFunc(at.order, front)
	stays := slices.ContainsFunc(all, func(name string) bool { return at.up(name) && !moved(name) })
	reopened, again := false, false
	var beside []string
	for _, name := range sockets {
		switch {
		case at.up(name) && narrowed(name):
			start(name, plan.Narrowed, "lets go of what is not wanted any more; the rest stays open")
			again = true
		case at.up(name) && moved(name) && stays && s.twins():
			start(name, plan.RestartedBehind(twin), "listens anew; the twin serves those that stay meanwhile")
			reopened = reopened || at.up(service)
		case at.up(name) && moved(name):
			start(name, plan.Restarted, "listens anew, closed while the connections that are open are drained")
			reopened = reopened || at.up(service)
		case !at.up(name) && stays && (now || slices.Contains(all, name)):
			beside, again = append(beside, name), true
		case !at.up(name) && (now || listening && slices.Contains(all, name)):
			start(name, plan.Active, s.whyUnit(name))
			reopened = reopened || at.up(service)
		}
	}
	again = again || unitChanged(service)
	switch {
	case reopened: // and the service with it: it takes its sockets from systemd when it starts
	case at.up(service) && again && s.twins():
		start(service, plan.RestartedBehind(twin), "takes up the change, once its twin has shown that it can; the twin serves meanwhile")
	case at.up(service) && again:
		start(service, plan.Restarted, "takes up the change; new connections wait meanwhile")
	case at.units[service].Active == plan.Active && s.bundled() && changed(limitsPath(s)):
		start(service, plan.Reloaded, "takes up the limits")
	case at.up(service) && s.bundled() && changed(limitsPath(s)):
		start(service, plan.Restarted, "takes up the limits; it is not up, so that it cannot be reloaded")
	case !at.up(service) && now && (!p.Empty() || len(starts) > 0):
		start(service, plan.Active, s.whyUnit(service))
	}
	for _, name := range beside { // a restart of the service opens them: the others stay open
		start(name, plan.Active, s.whyUnit(name))
	}
	stopped := slices.ContainsFunc(stops, func(c plan.Change) bool { return c.Target == twin })
	if len(starts) > 0 && at.up(twin) && !stopped {
		stop(twin, "left by an interrupted restart --overlap; it holds the socket")
	}
	return stops, starts
}

// listens is what the text of a socket unit says of where it listens.
func listens(text string) (where []string) {
	all6 := false
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "ListenStream", "ListenDatagram":
			all6 = all6 || strings.HasPrefix(value, "[::]:") || !strings.ContainsAny(value, ":/")
			where = append(where, key+"="+value)
		case "BindToDevice":
			where = append(where, key+"="+value)
		case "BindIPv6Only":
			if all6 && value != "both" { // as it is without the line
				where = append(where, key+"="+value)
			}
		}
	}
	return where
}
