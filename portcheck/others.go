package portcheck

import (
	"context"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/tcptune/tcptune/internal/host"
)

// nameOthers looks at all ports, to say in the planned acts which other ones they close.
func (v *View) nameOthers(ctx context.Context, f *facts, acts []Act) (others []Holder, err error) {
	if !slices.ContainsFunc(acts, func(a Act) bool { return a.Status == report.Planned }) {
		return nil, nil
	}
	all, err := v.Observe(ctx, Query{Ranges: everyPort(), Thorough: true})
	if err != nil {
		return nil, err
	}
	// A UDP socket on a port that the kernel hands out is a client, as a rule.
	all.Holders = slices.DeleteFunc(all.Holders, func(h Holder) bool {
		return h.Protocol == UDP && slices.ContainsFunc(v.namespaces, func(n Namespace) bool { return n.ephemeral(h.Port()) })
	})
	alsoCloses(acts, all, f.sockets)
	f.mayTakeAlong(acts, all)
	for _, h := range all.Holders {
		if !slices.ContainsFunc(acts, func(a Act) bool { return slices.Contains(a.Ports, h.target()) }) {
			others = append(others, h)
		}
	}
	return others, nil
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
		if a := &acts[i]; len(a.Others) > 0 {
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
	case o.Pid == 1:
		return slices.ContainsFunc(sockets, func(u host.Unit) bool {
			return (u.Name == a.Target || slices.Contains(a.takes, unitName{name: u.Name})) && listensOn(u, h.Socket)
		})
	}
	name, ok := unitOf(o.Process.Cgroup)
	return ok && (name == a.unit || slices.Contains(a.takes, name))
}
