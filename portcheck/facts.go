package portcheck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"

	"github.com/tcptune/tcptune/internal/host"
)

// facts is what has to be known, beside the survey, to choose the right act for each owner. It is data, so that the
// choice itself can be tested without a machine.
type facts struct {
	self      Process           // of this tcptune
	ancestors map[int]bool      // of this tcptune, itself included
	ownUnits  map[unitName]bool // those in which one of them runs
	root      bool
	ephemeral map[uint16]bool // ports that the kernel hands to clients
	sockets   []host.Unit     // active socket units
	units     map[unitName]host.Unit
	workers   map[int]bool    // owners that are the main process of their unit, or run the same program as that
	parents   map[int]Process // of owners
	wrapped   map[int]bool    // owners for whose sake alone that main process runs, see wrapped
	engines   []engineView
	clients   map[string]Owner // of the id of a container: who waits for its end in the foreground, the zero value for nobody
	notes     []string
}

// unitName is a unit of the system's manager, or of that of a user.
type unitName struct {
	name string
	user bool
	uid  uint32
}

func (u unitName) String() string {
	if u.user {
		return fmt.Sprintf("%s of user %d", u.name, u.uid)
	}
	return u.name
}

// sibling is another unit of the same manager.
func (u unitName) sibling(name string) unitName { return unitName{name, u.user, u.uid} }

// engineView is what a container engine knows.
type engineView struct {
	host.Engine
	containers []host.EngineContainer
}

// unitOf is the unit that runs a process, the closest to it.
func unitOf(c Cgroup) (unitName, bool) {
	switch {
	case c.Container != Container{}:
		return unitName{}, false
	case c.UserUnit != "":
		return unitName{c.UserUnit, true, c.UserUID}, true
	case c.Unit != "":
		return unitName{name: c.Unit}, true
	}
	return unitName{}, false
}

// gather asks the machine what s leaves open. Where systemd or an engine does not answer, that is a note: the acts that
// need it are refused then.
func (v *View) gather(ctx context.Context, s Survey) (facts, error) {
	f := facts{
		root:      v.host.IsRoot(),
		ephemeral: map[uint16]bool{},
		units:     map[unitName]host.Unit{},
		workers:   map[int]bool{},
		wrapped:   map[int]bool{},
		parents:   map[int]Process{},
		clients:   map[string]Owner{},
	}
	var err error
	if f.self, err = Details(ctx, os.Getpid()); err != nil {
		return f, fmt.Errorf("cannot look at this process itself: %w", err)
	}
	f.ancestors, f.ownUnits = ancestors(ctx, f.self)
	for _, h := range s.conns {
		f.ephemeral[h.Port()] = slices.ContainsFunc(v.namespaces, func(n Namespace) bool { return n.ephemeral(h.Port()) })
	}
	askEngines := false
	for _, h := range s.Holders {
		if h.Protocol == UDP {
			f.ephemeral[h.Port()] = slices.ContainsFunc(v.namespaces, func(n Namespace) bool { return n.ephemeral(h.Port()) })
		}
		for _, o := range h.Owners {
			f.aboutOwner(ctx, v.host, h, o)
			f.aboutParent(ctx, o)
			askEngines = askEngines || inEngine(o.Process)
		}
	}
	if askEngines {
		f.aboutEngines(ctx, v.host)
		f.aboutClients(ctx, v.host, s)
	}
	return f, nil
}

// ancestors are the processes that started p, and p, and the units in which they run.
func ancestors(ctx context.Context, p Process) (all map[int]bool, units map[unitName]bool) {
	all, units = map[int]bool{}, map[unitName]bool{}
	for pid := p.Pid; pid > 0 && !all[pid]; {
		all[pid] = true
		parent, err := Details(ctx, pid)
		if err != nil {
			break
		}
		if name, ok := unitOf(parent.Cgroup); ok {
			units[name] = true
		}
		pid = parent.Parent
	}
	return all, units
}

func (f *facts) aboutOwner(ctx context.Context, h host.Host, holder Holder, o Owner) {
	if o.Pid == 1 && f.sockets == nil {
		sockets, err := h.SystemManager().Sockets(ctx)
		if err != nil && !errors.Is(err, host.ErrNoSystemd) {
			f.notes = append(f.notes, err.Error())
		}
		f.sockets = sockets
		for _, u := range sockets {
			for _, name := range u.Triggers {
				f.aboutUnit(ctx, h, unitName{name: name})
			}
		}
	}
	if o.Pid == 1 {
		if name, ok := unitOf(holder.Origin); ok {
			f.aboutUnit(ctx, h, name)
		}
	}
	name, ok := unitOf(o.Process.Cgroup)
	if !ok {
		return
	}
	f.aboutUnit(ctx, h, name)
	if u := f.units[name]; u.MainPID > 0 {
		f.workers[o.Pid] = SameProgram(u.MainPID, o.Pid)
		f.wrapped[o.Pid] = !f.workers[o.Pid] && wrapped(ctx, o, holder.Owners, u.MainPID)
	}
}

func (f *facts) aboutUnit(ctx context.Context, h host.Host, name unitName) {
	if _, known := f.units[name]; known {
		return
	}
	manager := h.SystemManager()
	if name.user {
		manager = h.UserManager(name.uid)
	}
	u, err := manager.Unit(ctx, name.name)
	if err != nil && !errors.Is(err, host.ErrNoSystemd) && !errors.Is(err, fs.ErrNotExist) {
		f.notes = append(f.notes, err.Error())
	}
	f.units[name] = u
	for _, by := range u.TriggeredBy {
		if path.Ext(by) == ".path" || path.Ext(by) == ".timer" {
			f.aboutUnit(ctx, h, name.sibling(by))
		}
	}
}

// inEngine reports whether a container engine may know more about p: it runs in a container, or forwards to one.
func inEngine(p Process) bool {
	return p.Cgroup.Container.Engine != "" || forwardsToContainer(p)
}

func (f *facts) aboutEngines(ctx context.Context, h host.Host) {
	for _, e := range h.Engines() {
		containers, err := e.Containers(ctx)
		if err != nil {
			f.notes = append(f.notes, err.Error())
			continue
		}
		f.engines = append(f.engines, engineView{e, containers})
	}
}
