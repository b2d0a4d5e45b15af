package provision

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// HostNow stands for the running values of the host where a profile could be named.
const HostNow = "HOST-NOW"

// side is one of the two that are compared.
type side struct {
	profile profile.Profile
	now     bool // it is the running host, and has no wishes
	wishes  map[string]profile.Wish
}

// Diff compares two sides: each is the name of a profile, the path of a file with one, or [HostNow].
func (t Target) Diff(first, second string) (out Outcome, err error) {
	h, err := t.host()
	if err != nil {
		return out, err
	}
	if first == HostNow && second == HostNow {
		return out, report.Usage("cannot compare "+HostNow+" with itself: name a profile", "")
	}
	if (first == HostNow || second == HostNow) && !h.Live() {
		return out, report.Usage("cannot use "+HostNow+" with --root: an image has no running values", "")
	}
	cat, err := catalogue.Load()
	if err != nil {
		return out, err
	}
	out = outcome(nil)
	var sides [2]side
	for i, name := range []string{first, second} {
		var notes []string
		if sides[i], notes, err = sideOf(h, cat, name); err != nil {
			return out, err
		}
		out.note(notes...)
		p := sides[i].profile
		out.Report.Profiles = append(out.Report.Profiles, report.Profile{Name: p.Name, Summary: p.Summary, Origin: p.Origin})
	}
	for i, name := range slices.Concat(sides[0].profile.KeyNames(), sides[1].profile.KeyNames()) {
		a, wantedA := sides[0].wishes[name]
		b, wantedB := sides[1].wishes[name]
		if wantedA && i >= len(sides[0].profile.Keys) {
			continue // it was looked at before
		}
		k, _ := cat.About(name)
		d := report.Difference{Target: name}
		d.A, d.ModeA = wanted(a, wantedA)
		d.B, d.ModeB = wanted(b, wantedB)
		same := wantedA && wantedB && d.ModeA == d.ModeB && k.Equal(a.Value, b.Value)
		switch {
		case sides[0].now:
			d.A, same, d.Enough, d.Reason = against(h, k, b)
		case sides[1].now:
			d.B, same, d.Enough, d.Reason = against(h, k, a)
		}
		if same {
			continue
		}
		if d.Reason != "" && !d.Enough {
			out.Partial, out.Code = true, report.ExitPartial
		}
		out.Report.Differences = append(out.Report.Differences, d)
	}
	return out, nil
}

// sideOf finds a side. A profile whose sizes depend on a path that it does not name keeps the words for them.
func sideOf(h host.Host, cat *catalogue.Catalogue, name string) (s side, notes []string, err error) {
	switch {
	case name == HostNow:
		return side{profile: profile.Profile{Name: name, Summary: "what runs on this host", Origin: "/proc/sys"}, now: true}, nil, nil
	case strings.Contains(name, "/"), strings.HasSuffix(name, ".yaml"):
		var data []byte
		if data, err = host.ReadNamed(name, host.Bound{Bytes: 64 << 10, Of: "a profile"}); err != nil {
			return s, nil, fmt.Errorf("cannot read %s: %w", name, host.Cause(err))
		}
		s.profile, err = profile.LoadText(h, cat, data, name)
		s.profile.Origin = name
	default:
		s.profile, err = profile.Load(h, cat, name)
	}
	if err != nil {
		return s, nil, err
	}
	if s.profile.Computed() && s.profile.Bandwidth != 0 && s.profile.RTT != 0 {
		if s.profile, notes, err = (sysctl.Options{}).Size(h, cat, s.profile); err != nil {
			return s, nil, err
		}
	}
	s.wishes = map[string]profile.Wish{}
	for _, w := range s.profile.Keys {
		s.wishes[w.Key] = w
	}
	return s, notes, nil
}

func wanted(w profile.Wish, wanted bool) (value *string, mode string) {
	if !wanted {
		return nil, ""
	}
	if mode = string(w.Mode); w.Required {
		mode += ", required"
	}
	return &w.Value, mode
}

// against holds the running value of k against what is wished of it.
func against(h host.Host, k catalogue.Key, w profile.Wish) (value *string, same, enough bool, reason string) {
	running, err := h.ReadKnob(k.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, false, false, "this host does not have the key"
	case err != nil:
		return nil, false, false, "it cannot be read: " + host.Cause(err).Error()
	}
	running = k.Normal(running)
	switch {
	case k.Equal(running, w.Value):
		return &running, true, true, ""
	case !w.Computed() && w.Enough(k, running, w.Value):
		return &running, false, true, "the host has what is enough in mode " + string(w.Mode)
	}
	return &running, false, false, ""
}
