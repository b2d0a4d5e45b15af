package provision

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/portcheck"
	"github.com/tcptune/tcptune/service"
)

// installing is an installation on its way.
type installing struct {
	spec    service.Spec
	host    host.Host
	now     bool
	plan    plan.Plan
	journal plan.Journal

	seen string           // what a client has got from it; "" where none asked
	held portcheck.Survey // who is in the way
	acts []portcheck.Act  // what frees the ports
}

// portTaken says which processes are in the way of i. kept is why they cannot be stopped, "" where that was not tried.
func (i *installing) portTaken(kept string) error {
	held := i.held
	ports, who := heldPorts(held), whoHolds(held)
	if !slices.ContainsFunc(held.Holders, func(h portcheck.Holder) bool { return h.Port() != i.spec.Admin.Port() }) {
		// Who holds it may be the admin socket of another service, which is not to be stopped for that.
		return &report.Error{
			Code: "port-held", Message: fmt.Sprintf("cannot listen on %s for metrics, which %s", ports, who),
			Hint: fmt.Sprintf("choose another --admin: %s", netip.AddrPortFrom(i.spec.Admin.Addr(), i.spec.Admin.Port()+1)),
		}
	}
	if kept != "" {
		return &report.Error{
			Code: "not-freed", Message: fmt.Sprintf("cannot free %s, which %s: %s", ports, who, kept), Hint: "choose another --listen",
		}
	}
	return &report.Error{
		Code: "port-held", Message: fmt.Sprintf("cannot listen on %s, which %s", ports, who),
		Hint: "--free-port stops who holds it, or choose another --listen",
	}
}

// freeGrace is the time that the holder of a port gets to end, the default of port --kill.
const freeGrace = 5 * time.Second

// checkPorts looks for what is in their way. Where the sockets are opened now that is an error, or with free becomes
// acts; where they are opened at the next boot it is a note.
func (i *installing) checkPorts(ctx context.Context, o *Outcome, free bool) error {
	if !i.host.Live() || !i.host.SystemdRunning() {
		return nil
	}
	view, err := portcheck.Open(i.host, "")
	if err != nil {
		return err
	}
	defer view.Close()
	if i.held, err = i.obstacles(ctx, view); err != nil || len(i.held.Holders) == 0 {
		return err
	}
	o.Report.Holders = i.held.Report()
	switch {
	case !service.Starts(i.plan.Changes):
		o.note(fmt.Sprintf("%s %s, and is in the way at the next boot", heldPorts(i.held), whoHolds(i.held)))
		return nil
	case !free:
		return i.portTaken("")
	}
	acts, notes, err := view.Plan(ctx, &i.held, i.order())
	o.note(notes...)
	i.acts = acts
	return err
}

func (i *installing) order() portcheck.Order {
	return portcheck.Order{Grace: freeGrace, Signal: unix.SIGTERM, Settle: true}
}

// obstacles are the sockets that listen where the service is to, but for its own.
func (i *installing) obstacles(ctx context.Context, view *portcheck.View) (portcheck.Survey, error) {
	var none portcheck.Survey
	streams, err := i.spec.Addresses()
	if err != nil {
		return none, err
	}
	datagrams, err := i.spec.Datagrams()
	if err != nil {
		return none, err
	}
	wanted := map[portcheck.Protocol][]netip.AddrPort{portcheck.TCP: streams, portcheck.UDP: datagrams}
	query := portcheck.Query{Thorough: true, Around: true}
	for _, protocol := range []portcheck.Protocol{portcheck.TCP, portcheck.UDP} {
		for _, a := range wanted[protocol] {
			query.Ranges = append(query.Ranges, portcheck.Range{Protocol: protocol, Low: a.Port(), High: a.Port()})
		}
	}
	s, err := view.Observe(ctx, query)
	if err != nil {
		return none, err
	}
	own, err := i.ownPorts(ctx)
	if err != nil {
		return none, err
	}
	s.Rest = nil
	s.Holders = slices.DeleteFunc(s.Holders, func(h portcheck.Holder) bool {
		inTheWay := slices.ContainsFunc(wanted[h.Protocol], func(a netip.AddrPort) bool { return h.InTheWay(h.Protocol, a) })
		return !inTheWay || i.isOurs(h, slices.Contains(own, h.Port()))
	})
	return s, nil
}

// ownPorts are those that the sockets of the service listen on by now.
func (i *installing) ownPorts(ctx context.Context) (ports []uint16, err error) {
	for _, name := range i.spec.SocketsNow(i.journal) {
		u, err := i.host.SystemManager().Unit(ctx, name)
		if err != nil {
			return nil, err
		}
		if u.Active != plan.Active {
			continue
		}
		for _, l := range u.Listen {
			if a, err := netip.ParseAddrPort(l.Address); err == nil {
				ports = append(ports, a.Port())
			}
		}
	}
	return ports, nil
}

// isOurs reports whether nobody but the service has the socket open, or systemd for it.
func (i *installing) isOurs(h portcheck.Holder, socket bool) bool {
	if len(h.Owners) == 0 { // they cannot be seen without root; a port has one listener
		return socket
	}
	return !slices.ContainsFunc(h.Owners, func(o portcheck.Owner) bool {
		return !i.spec.Own(o.Cgroup.Unit) && (o.Pid != 1 || !socket)
	})
}

// freePorts carries the acts out and proves that the ports are free.
func (i *installing) freePorts(ctx context.Context, o *Outcome) error {
	if len(i.acts) == 0 {
		return nil
	}
	o.Report.Changes = portcheck.Rows(i.acts)
	for _, c := range o.Report.Changes {
		if c.Status.Partial() {
			return i.portTaken(c.Reason)
		}
	}
	view, err := portcheck.Open(i.host, "")
	if err != nil {
		return err
	}
	defer view.Close()
	if i.acts, err = view.FreeAll(ctx, i.held, i.acts, i.order()); err != nil {
		return err
	}
	o.Report.Changes = portcheck.Rows(i.acts)
	o.Report.Changed = report.Changed(o.Report.Changes)
	verdicts, after, err := view.Prove(ctx, i.held, i.acts, i.order())
	if err != nil {
		return err
	}
	o.Report.Holders = after.Report()
	for _, v := range verdicts {
		if !v.Free {
			return i.portTaken(v.Reason)
		}
	}
	o.Report.Holders = nil
	return nil
}

func heldPorts(s portcheck.Survey) string {
	var ports []string
	for _, h := range s.Holders {
		if p := fmt.Sprintf("port %d", h.Port()); !slices.Contains(ports, p) {
			ports = append(ports, p)
		}
	}
	return strings.Join(ports, ", ")
}

// whoHolds names the owners, "is held by nginx (pid 7, nginx.service)".
func whoHolds(s portcheck.Survey) string {
	var names []string
	for _, h := range s.Holders {
		for _, owner := range h.Owners {
			name := fmt.Sprintf("%s (pid %d)", owner.Name, owner.Pid)
			if unit := owner.Cgroup.Unit; unit != "" {
				name = fmt.Sprintf("%s (pid %d, %s)", owner.Name, owner.Pid, unit)
			}
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if len(h.Owners) == 0 {
			names = append(names, "somebody: "+h.Reason)
		}
	}
	return "is held by " + strings.Join(names, ", ")
}
