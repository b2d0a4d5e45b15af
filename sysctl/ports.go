package sysctl

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/ephemeral"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// reserveNodePorts is p that reserves the NodePorts of the host as well, as far as they lie in the range of ports that
// the host is to have. A profile that reserves nothing, or its own list and no other, is left as it is.
func (s *Survey) reserveNodePorts(cat *catalogue.Catalogue, p profile.Profile) (profile.Profile, error) {
	at := slices.IndexFunc(p.Keys, func(w profile.Wish) bool { return w.Key == ephemeral.ReservedKey })
	if s.NodePorts == nil || at < 0 || p.Keys[at].Mode != profile.UnionMode {
		return p, nil
	}
	ports, err := cat.Lookup(ephemeral.RangeKey)
	list, errList := cat.Lookup(ephemeral.ReservedKey)
	if err = cmp.Or(err, errList); err != nil {
		return p, err
	}
	value, known := s.today(ports)
	for _, w := range p.Keys {
		if w.Key == ports.Name {
			value, known = s.wanted(ports, w), true
		}
	}
	if !known {
		return p, nil
	}
	wish := p.Keys[at]
	r, err := ephemeral.New(cat, value, wish.Value)
	if err != nil {
		return p, err
	}
	exposed := r.Exposed(s.NodePorts)
	if exposed == nil {
		return p, nil
	}
	reserved, written := s.ownLines()[wish.Key]
	if slices.ContainsFunc(exposed, func(c ephemeral.Claim) bool { return c.Assumed }) && written {
		// Root has seen them when it wrote our file: who cannot must not take that for drift.
		wish.Value = list.Union(wish.Value, reserved)
	} else {
		wish.Value = r.Reserving(exposed)
	}
	wish.Why += "; and the NodePorts of Kubernetes"
	p.Keys = slices.Clone(p.Keys)
	p.Keys[at] = wish
	return p, nil
}

// today is what k runs with, or of an image what its files and its kernels make of it.
func (s *Survey) today(k catalogue.Key) (value string, known bool) {
	if knob := s.Knobs[k.Name]; s.Live {
		return knob.Value, knob.Present
	}
	return s.afterReboot(s.Now, k)
}

// PortRange is the ports for outgoing connections as they are. ok is false where that is not known.
func (s *Survey) PortRange(cat *catalogue.Catalogue) (r ephemeral.Range, ok bool, err error) {
	return s.portRange(cat, nil)
}

// PortRange is the ports for outgoing connections as the plan leaves them. ok is false where that is not known.
func (d *Draft) PortRange(cat *catalogue.Catalogue) (r ephemeral.Range, ok bool, err error) {
	planned := map[string]string{}
	for _, dec := range d.decisions {
		if !dec.status.Partial() {
			planned[dec.key.Name] = dec.want
		}
	}
	return d.survey.portRange(cat, planned)
}

func (s *Survey) portRange(
	cat *catalogue.Catalogue, planned map[string]string,
) (r ephemeral.Range, ok bool, err error) {
	var values [2]string
	for i, name := range []string{ephemeral.RangeKey, ephemeral.ReservedKey} {
		k, err := cat.Lookup(name)
		if err != nil {
			return r, false, err
		}
		value, known := planned[name]
		if !known {
			value, known = s.today(k)
		}
		if !known {
			return r, false, nil
		}
		values[i] = value
	}
	r, err = ephemeral.New(cat, values[0], values[1])
	return r, err == nil, err
}

// warnNodePorts names the NodePorts that outgoing connections may take.
func (d *Draft) warnNodePorts(cat *catalogue.Catalogue) error {
	if d.survey.NodePorts == nil {
		return nil
	}
	r, ok, err := d.PortRange(cat)
	if err != nil || !ok {
		return err
	}
	if exposed := r.Exposed(d.survey.NodePorts); exposed != nil {
		d.Warnings = append(d.Warnings, fmt.Sprintf("%s %d %d takes in %s: %s",
			ephemeral.RangeKey, r.Low, r.High, ephemeral.Names(exposed), r.Offer(exposed)))
	}
	return nil
}
