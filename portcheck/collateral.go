package portcheck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// takesAlong adds to each unit that is to be stopped those that systemd stops with it: what requires it, is bound to it or
// is a part of it, and so on from there. Where one of them is guarded, or this tcptune runs in it, nothing is stopped.
func (v *View) takesAlong(ctx context.Context, f *facts, acts []Act, order Order) error {
	for i := range acts {
		a := &acts[i]
		if a.Kind != report.Unit || a.Status != report.Planned {
			continue
		}
		units, err := v.stopsWith(ctx, a.unit)
		if err != nil {
			return err
		}
		for _, u := range units {
			if slices.ContainsFunc(acts, func(b Act) bool { return b.Kind == report.Unit && b.unit == u }) {
				continue
			}
			g := guardOfUnit(u.name)
			switch {
			case f.ownUnits[u]:
				a.Status, a.Reason = report.Refused, fmt.Sprintf("systemd would stop %s with it, in which this tcptune runs", u)
			case g != nil && !u.user && (!g.force || !order.Force):
				a.Status, a.Reason = report.Refused, fmt.Sprintf("systemd would stop %s with it: %s; %s", u, g.what, g.instead)
			}
			a.takes = append(a.takes, u)
		}
		if by := v.upholder(ctx, f.units[a.unit].UpheldBy, a); by != "" {
			a.Status, a.Reason = report.Refused, fmt.Sprintf("%s upholds it (Upholds=), and systemd starts it again: stop that first, %s", by, a.unit.stop(by))
		}
		if len(a.takes) > 0 && a.Status == report.Planned {
			a.Why += "; also stops " + strings.Join(a.Takes(), ", ") + ", which systemd stops with it"
		}
	}
	return nil
}

// upholder is one of the units that runs, and is not stopped with that of a.
func (v *View) upholder(ctx context.Context, units []string, a *Act) string {
	manager := v.manager(a.unit)
	for _, name := range units {
		if slices.ContainsFunc(a.takes, func(u unitName) bool { return u.name == name }) {
			continue
		}
		if u, err := manager.Unit(ctx, name); err == nil && u.Active != host.Inactive && u.Active != "failed" {
			return name
		}
	}
	return ""
}

// stop is the command that stops another unit of the same manager.
func (u unitName) stop(name string) string {
	if u.user {
		return "systemctl --user stop " + name
	}
	return "sudo systemctl stop " + name
}

// Takes are the units that are stopped with that of a.
func (a Act) Takes() (names []string) {
	for _, u := range a.takes {
		names = append(names, u.name)
	}
	return names
}

// stopsWith are the units that run and that the stop of a unit reaches, in the order in which they are found.
func (v *View) stopsWith(ctx context.Context, name unitName) (found []unitName, err error) {
	manager := v.manager(name)
	seen := map[string]bool{name.name: true}
	for next := []string{name.name}; len(next) > 0; next = next[1:] {
		u, err := manager.Unit(ctx, next[0])
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, host.ErrNoSystemd) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if u.Active == host.Inactive || u.Active == "failed" {
			continue
		}
		if u.Name != name.name {
			found = append(found, unitName{u.Name, name.user, name.uid})
		}
		for _, other := range u.StopsWith {
			if !seen[other] {
				seen[other] = true
				next = append(next, other)
			}
		}
	}
	return found, nil
}

// mayTakeAlong says of each signal which ports it may close as well: those of what descends from the process, and those of
// its siblings, where their parent is no shell and no systemd and so may end, and end the others, when it loses one.
func (f *facts) mayTakeAlong(acts []Act, all Survey) {
	for i := range acts {
		a := &acts[i]
		if a.Kind != report.Signal || a.Status != report.Planned {
			continue
		}
		below, _ := descendants(a.Pid) // what cannot be told is not named
		parent, known := f.parents[a.Pid]
		siblings := known && parent.Pid > 1 && !f.ancestors[parent.Pid] && a.shell == 0 && !strings.HasSuffix(parent.Exe, "/systemd")
		for _, h := range all.Holders {
			port := h.target()
			if slices.Contains(a.Ports, port) || slices.Contains(a.Others, port) || slices.Contains(a.Maybe, port) {
				continue
			}
			for _, o := range h.Owners {
				if slices.Contains(below, o.Pid) || siblings && o.Process.Parent == parent.Pid && o.Pid != a.Pid {
					a.Maybe = append(a.Maybe, port)
					a.Why += fmt.Sprintf("; may also close %s of %s (pid %d)", port, o.Process.Name, o.Pid)
					break
				}
			}
		}
	}
}

// ClosedAsWell are the sockets that listened when the acts were planned and do not any more, although nobody asked for
// their ports: what was ended has taken them along.
func (v *View) ClosedAsWell(before Survey) (lines []string) {
	held, err := v.Held(Query{Ranges: everyPort()})
	if err != nil {
		return nil
	}
	told := map[string]bool{}
	for _, h := range before.others {
		if told[h.target()] || slices.ContainsFunc(held, func(s Socket) bool { return s.Inode == h.Inode && s.Cookie == h.Cookie }) {
			continue
		}
		told[h.target()] = true
		line := h.target() + " was closed as well"
		if len(h.Owners) > 0 {
			line += fmt.Sprintf(", of %s (pid %d)", h.Owners[0].Process.Name, h.Owners[0].Pid)
		}
		lines = append(lines, line)
	}
	return lines
}

func everyPort() []Range { return []Range{{TCP, 1, 65535}, {UDP, 1, 65535}} }
