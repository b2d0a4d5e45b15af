package portcheck

import (
	"context"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/tcptune/tcptune/internal/host"
)

// nameOthers says in the planned acts which other ports they close. others are the sockets on all those, with the owners that
// may be ended.
func (v *View) nameOthers(ctx context.Context, s Survey, f *facts, acts []Act) (others []Holder, err error) {
	if !slices.ContainsFunc(acts, func(a Act) bool { return a.Status == report.Planned }) {
		return nil, nil
	}
	all := Survey{}
	for _, h := range s.others {
		// A UDP socket on a port that the kernel hands out is a client, as a rule.
		client := h.Protocol == UDP && slices.ContainsFunc(v.namespaces, func(n Namespace) bool { return n.ephemeral(h.Port()) })
		listens := h.Protocol == UDP || h.State == Listen
		if listens && !client && !slices.ContainsFunc(acts, func(a Act) bool { return slices.Contains(a.Ports, h.target()) }) {
			all.Holders = append(all.Holders, h)
		}
	}
	if err := all.assign(ctx, Owners{Descriptors: ofInterest(s.open, f.kin(acts), acts)}); err != nil {
		return nil, err
	}
	alsoCloses(acts, all, f.sockets)
	f.mayTakeAlong(acts, all)
	return all.Holders, nil
}

// kin are the processes that the acts may end: those that are sent a signal, with all that descend from them and their
// siblings. nil stands for any process, since a unit and a container have many.
func (f *facts) kin(acts []Act) (pids []int) {
	for _, a := range acts {
		if a.Status != report.Planned {
			continue
		}
		below, err := descendants(a.Pid)
		if a.Kind != report.Signal || err != nil {
			return nil
		}
		pids = append(append(pids, a.Pid), below...)
		if parent, known := f.parents[a.Pid]; known && parent.Pid > 1 {
			siblings, err := childrenOf(parent.Pid)
			if err != nil {
				return nil
			}
			pids = append(pids, siblings...)
		}
	}
	slices.Sort(pids)
	return slices.Compact(pids)
}

// descendants are the children of a process, and theirs: the first process of a PID namespace takes them all along. The error
// is that of its own children.
func descendants(pid int) (all []int, err error) {
	if all, err = childrenOf(pid); err != nil {
		return nil, err
	}
	for i := 0; i < len(all) && len(all) < mostDescendants; i++ {
		below, _ := childrenOf(all[i]) // it may have ended by now
		all = append(all, below...)
	}
	return all, nil
}

const mostDescendants = 10000

// ofInterest are the descriptors of pids, nil for all, and those of others that lead to a socket of a process that is to end.
func ofInterest(open []Descriptor, pids []int, acts []Act) (list []Descriptor) {
	ended := map[uint64]bool{}
	for _, d := range open {
		ended[d.Inode] = ended[d.Inode] || slices.ContainsFunc(acts, func(a Act) bool { return a.Pid == d.Pid })
	}
	for _, d := range open {
		if pids == nil || ended[d.Inode] || slices.Contains(pids, d.Pid) {
			list = append(list, d)
		}
	}
	return list
}

// alsoCloses adds to the planned acts the ports of all that they close although those were not asked for: every process
// that has the socket open is ended by one of the acts.
func alsoCloses(acts []Act, all Survey, sockets []host.Unit) {
	for _, h := range all.Holders {
		port := h.target()
		if slices.ContainsFunc(acts, func(a Act) bool { return slices.Contains(a.Ports, port) }) {
			continue
		}
		var by []int
		for _, o := range h.Owners {
			i := slices.IndexFunc(acts, func(a Act) bool { return a.ends(h, o, sockets) })
			if i < 0 {
				by = nil
				break
			}
			by = append(by, i)
		}
		for _, i := range by {
			if a := &acts[i]; !slices.Contains(a.Others, port) {
				a.Others = append(a.Others, port)
			}
		}
	}
	for i := range acts {
		a := &acts[i]
		for _, p := range a.container.Ports { // one process of the engine forwards each of them, or a rule of NAT
			port := Range{Protocol(p.Protocol), p.HostPort, p.HostPort}.String()
			if a.Status == report.Planned && !slices.Contains(a.Ports, port) && !slices.Contains(a.Others, port) {
				a.Others = append(a.Others, port)
			}
		}
		if len(a.Others) > 0 {
			a.Why += "; also closes " + strings.Join(a.Others, ", ")
		}
	}
}

// ends reports whether the act takes the socket away from this owner.
func (a Act) ends(h Holder, o Owner, sockets []host.Unit) bool {
	if a.Status != report.Planned {
		return false
	}
	switch {
	case a.Kind == report.Signal:
		return a.Pid == o.Pid
	case a.Kind == report.Container:
		return a.container.id != "" && a.container.id == o.Process.Cgroup.Container.ID
	case o.Pid == 1 && a.store:
		name, ok := unitOf(h.Origin)
		return ok && name == a.unit
	case o.Pid == 1:
		return slices.ContainsFunc(sockets, func(u host.Unit) bool {
			return (u.Name == a.Target || slices.Contains(a.takes, unitName{name: u.Name})) && listensOn(u, h.Socket)
		})
	}
	name, ok := unitOf(o.Process.Cgroup)
	return ok && (name == a.unit || slices.Contains(a.takes, name))
}
