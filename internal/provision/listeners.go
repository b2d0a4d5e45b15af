package provision

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/tcptune/tcptune/check"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/portcheck"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/ephemeral"
)

// warnListeners names the TCP ports on which somebody listens and that outgoing connections may take, as the plan leaves
// the host.
func (d *draft) warnListeners(ctx context.Context, h host.Host) error {
	cat, err := catalogue.Load()
	if err != nil || !h.Live() {
		return err
	}
	r, ok, err := d.PortRange(cat)
	if err != nil || !ok {
		return err
	}
	if r.Wide() != "" {
		d.Warnings = append(d.Warnings, r.Wide())
	}
	exposed, err := exposedListeners(ctx, h, r)
	if err != nil {
		d.Warnings = append(d.Warnings, "who listens on a port for outgoing connections is not known: "+err.Error())
	}
	if exposed != nil {
		d.Warnings = append(d.Warnings, fmt.Sprintf(
			"somebody listens among the ports for outgoing connections, %d to %d, and may find the port taken at the next start: %s: %s",
			r.Low, r.High, ephemeral.Names(exposed), r.Offer(exposed)))
	}
	return nil
}

// exposedListeners are those of r. Who they are is asked only where there are any.
func exposedListeners(ctx context.Context, h host.Host, r ephemeral.Range) ([]ephemeral.Claim, error) {
	view, err := portcheck.Open(h, "")
	if err != nil {
		return nil, err
	}
	defer view.Close()
	sockets, err := view.Held([]portcheck.Range{{Protocol: portcheck.TCP, Low: uint16(r.Low), High: uint16(r.High)}})
	if err != nil {
		return nil, err
	}
	var found []ephemeral.Claim
	for _, s := range sockets {
		found = append(found, ephemeral.Claim{First: int(s.Port()), Last: int(s.Port())})
	}
	var query portcheck.Query
	for _, c := range r.Exposed(found) {
		query.Ranges = append(query.Ranges, portcheck.Range{Protocol: portcheck.TCP, Low: uint16(c.First), High: uint16(c.Last)})
	}
	if query.Ranges == nil {
		return nil, nil
	}
	s, err := view.Observe(ctx, query)
	if err != nil {
		return nil, err
	}
	return r.Exposed(claims(s)), nil
}

// claims are the ports of a survey, each once.
func claims(s portcheck.Survey) (all []ephemeral.Claim) {
	for _, h := range s.Holders {
		c := ephemeral.Claim{First: int(h.Port()), Last: int(h.Port()), By: byWhom(h)}
		if !slices.ContainsFunc(all, func(other ephemeral.Claim) bool { return other.First == c.First }) {
			all = append(all, c)
		}
	}
	return all
}

// byWhom names the first owner of a socket, "nginx, nginx.service".
func byWhom(h portcheck.Holder) string {
	unit := h.Origin.Unit
	if len(h.Owners) == 0 {
		return unit
	}
	o := h.Owners[0]
	if o.Cgroup.Unit != "" {
		unit = o.Cgroup.Unit
	}
	if unit == "" {
		return fmt.Sprintf("%s, pid %d", o.Name, o.Pid)
	}
	return o.Name + ", " + unit
}

// allListeners are the TCP sockets that listen, in the order of their ports, each with its first owner.
func allListeners(ctx context.Context, h host.Host) (all []check.Listener, err error) {
	view, err := portcheck.Open(h, "")
	if err != nil {
		return nil, err
	}
	defer view.Close()
	s, err := view.Observe(ctx, portcheck.Query{Ranges: []portcheck.Range{{Protocol: portcheck.TCP, Low: 1, High: math.MaxUint16}}})
	for _, holder := range s.Holders {
		l := check.Listener{Local: holder.Local, Unit: holder.Origin.Unit, Why: holder.Reason}
		if len(holder.Owners) > 0 {
			o := holder.Owners[0]
			l.Program, l.Pid, l.Unit = o.Name, o.Pid, o.Cgroup.Unit
		}
		all = append(all, l)
	}
	return all, err
}

// notePorts notes which ports of the service outgoing connections may take, on the machine or in the image.
func (i *installing) notePorts(o *Outcome) error {
	cat, err := catalogue.Load()
	if err != nil {
		return err
	}
	wanted, err := i.spec.Addresses()
	if err != nil {
		return err
	}
	survey, err := sysctl.Observe(i.host, cat, i.journal, nil)
	if err != nil {
		return err
	}
	r, ok, err := survey.PortRange(cat)
	if err != nil || !ok {
		return err
	}
	var ports []ephemeral.Claim
	for _, a := range wanted {
		ports = append(ports, ephemeral.Claim{First: int(a.Port()), Last: int(a.Port())})
	}
	if exposed := r.Exposed(ports); exposed != nil {
		o.note(fmt.Sprintf("%s lies among the ports for outgoing connections, %d to %d, one of which may hold it at the next start: %s",
			ephemeral.Names(exposed), r.Low, r.High, r.Offer(exposed)))
	}
	return nil
}
