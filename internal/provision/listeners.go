package provision

import (
	"context"
	"fmt"
	"slices"

	"github.com/tcptune/tcptune/check"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/portcheck"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/ephemeral"
)

// warnListeners names the TCP ports on which somebody listens and that outgoing connections may take, as the plan
// leaves the host.
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
			"somebody listens among the ports for outgoing connections, %d to %d, and may find the port taken at the next "+
				"start: %s: %s",
			r.Low, r.High, ephemeral.Names(exposed), r.Offer(exposed)))
	}
	return nil
}

// exposedListeners are those of r.
func exposedListeners(ctx context.Context, h host.Host, r ephemeral.Range) ([]ephemeral.Claim, error) {
	view, err := portcheck.Open(h, "")
	if err != nil {
		return nil, err
	}
	defer view.Close()
	sockets, err := view.Held(portcheck.Query{
		Ranges: []portcheck.Range{{Protocol: portcheck.TCP, Low: uint16(r.Low), High: uint16(r.High)}},
	})
	if err != nil {
		return nil, err
	}
	var found []ephemeral.Claim
	for _, s := range sockets {
		found = append(found, ephemeral.Claim{First: int(s.Port()), Last: int(s.Port())})
	}
	exposed := r.Exposed(found)
	if exposed == nil {
		return nil, nil // nobody has to be named
	}
	listening, err := view.Listening(ctx, uint16(r.Low), uint16(r.High))
	if err != nil {
		return exposed, err
	}
	var claims []ephemeral.Claim
	for _, l := range listening {
		port := int(l.Port())
		if !slices.ContainsFunc(claims, func(c ephemeral.Claim) bool { return c.First == port }) {
			claims = append(claims, ephemeral.Claim{First: port, Last: port, By: listener(l).String()})
		}
	}
	return r.Exposed(claims), nil
}

func listener(l portcheck.Listening) check.Listener {
	return check.Listener{Local: l.Local, Program: l.Name, Pid: l.Pid, Unit: l.Cgroup.Unit, Why: l.Why}
}

// allListeners are the TCP sockets that listen.
func allListeners(ctx context.Context, h host.Host) (all []check.Listener, err error) {
	view, err := portcheck.Open(h, "")
	if err != nil {
		return nil, err
	}
	defer view.Close()
	found, err := view.Listening(ctx, 1, portcheck.AllPorts)
	for _, l := range found {
		all = append(all, listener(l))
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
		o.note(fmt.Sprintf(
			"%s lies among the ports for outgoing connections, %d to %d, one of which may hold it at the next start: %s",
			ephemeral.Names(exposed), r.Low, r.High, r.Offer(exposed)))
	}
	return nil
}
