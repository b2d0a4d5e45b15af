package provision

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/prove"
	"github.com/tcptune/tcptune/prove/path"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// sides are the two that are compared.
type sides struct {
	before, after prove.Side
	differ        []report.ProofSetting
	absent        []report.ProofAbsence
}

// noDifference says that there is nothing to compare, and of one key why.
func (d sides) noDifference() error {
	why := "they do not differ in a key that a network namespace has"
	if len(d.absent) == 1 {
		why = "of " + d.absent[0].Target + ", " + d.absent[0].Reason
	}
	return &report.Error{
		Code: "no-difference", Message: "cannot compare " + d.before.Name + " with " + d.after.Name + ": " + why,
		Hint: "--against PROFILE compares with other values than those that run, --key KEY=VALUE another one",
	}
}

// without is the side after without a key: that one is as before.
func (d sides) without(key string) prove.Side {
	s := prove.Side{Name: "without " + key}
	for i, k := range d.after.Settings {
		if k.Key == key {
			k = d.before.Settings[i]
		}
		s.Settings = append(s.Settings, k)
	}
	return s
}

// sides finds the values of both sides: those of the host for every key of TCP that a network namespace has, and over
// them what each side wants.
func (t Target) sides(h host.Host, cat *catalogue.Catalogue, w Prove, out *Outcome) (d sides, err error) {
	if w.Key != "" && w.Each {
		return d, report.Usage("cannot use --key and --each at once", "")
	}
	after, err := t.wishes(h, cat, w.Profile, w.Key, out)
	if err != nil {
		return d, err
	}
	before := side{profile: profile.Profile{Name: HostNow}}
	if w.Against != "" && w.Against != HostNow {
		var notes []string
		if before, notes, err = sideOf(h, cat, w.Against); err != nil {
			return d, err
		}
		out.note(notes...)
	}
	if w.Key != "" {
		before.profile.Keys = slices.DeleteFunc(before.profile.Keys, func(k profile.Wish) bool { return after.wishes[k.Key].Key == "" })
		maps.DeleteFunc(before.wishes, func(key string, _ profile.Wish) bool { return after.wishes[key].Key == "" })
	}
	for _, s := range []side{before, after} {
		for _, k := range s.profile.Keys {
			if k.Computed() {
				return d, report.Usage("cannot compare with profile "+s.profile.Name+": it names no path that its buffers are for", "")
			}
		}
	}
	d.before.Name, d.after.Name = sideName(before, w.Key != ""), sideName(after, w.Key != "")
	d.collect(h, cat, before, after)
	return d, nil
}

// sideName says what a side is: a profile, or the running values, with one key or none of another one.
func sideName(s side, oneKey bool) string {
	switch {
	case s.profile.Name == HostNow || oneKey && len(s.profile.Keys) == 0:
		return HostNow
	case oneKey:
		return HostNow + " with " + s.profile.Keys[0].Key + " = " + s.profile.Keys[0].Value
	}
	return "profile " + s.profile.Name
}

// wishes is the side after: a profile, or one key of it or of its own.
func (t Target) wishes(h host.Host, cat *catalogue.Catalogue, name, key string, out *Outcome) (s side, err error) {
	key, value, given := strings.Cut(key, "=")
	if key == "" && given {
		return s, report.Usage("cannot compare a key without a name: want KEY or KEY=VALUE", "")
	}
	if key != "" {
		k, err := cat.Lookup(strings.TrimSpace(key))
		if err != nil {
			return s, report.Usage("cannot compare: "+err.Error(), "")
		}
		if key = k.Name; given {
			if err := k.Validate(value); err != nil {
				return s, report.Usage(err.Error(), "")
			}
			wish := profile.Wish{Key: key, Value: k.Normal(value), Mode: profile.ExactMode}
			s.profile = profile.Profile{Name: name, Keys: []profile.Wish{wish}}
			s.wishes = map[string]profile.Wish{key: wish}
			return s, nil
		}
	}
	if name == "" {
		s, err = t.standingSide(h, cat, out)
	} else {
		var notes []string
		s, notes, err = sideOf(h, cat, name)
		out.note(notes...)
	}
	if err != nil || key == "" {
		return s, err
	}
	wish, wanted := s.wishes[key]
	if !wanted {
		return s, report.Usage(fmt.Sprintf("cannot compare with %s: profile %s does not set it", key, s.profile.Name),
			"--key "+key+"=VALUE gives it one")
	}
	s.profile.Keys, s.wishes = []profile.Wish{wish}, map[string]profile.Wish{key: wish}
	return s, nil
}

// standingSide is what an apply would bring where nobody names a profile.
func (t Target) standingSide(h host.Host, cat *catalogue.Catalogue, out *Outcome) (s side, err error) {
	declared, err := readDeclared(h)
	if err != nil {
		return s, err
	}
	j, notes, err := recall(h)
	if err != nil {
		return s, err
	}
	out.note(notes...)
	o, _, err := standing(declared, j)
	if err != nil {
		return s, err
	}
	s.profile, notes, err = sysctl.Options{Profile: o.Profile, Bandwidth: o.Bandwidth, RTT: o.RTT}.LoadProfile(h, cat)
	out.note(notes...)
	s.wishes = map[string]profile.Wish{}
	for _, k := range s.profile.Keys {
		s.wishes[k.Key] = k
	}
	return s, err
}

// collect fills in the values, in the order in which they are to be written.
func (d *sides) collect(h host.Host, cat *catalogue.Catalogue, before, after side) {
	for _, k := range cat.Keys() {
		a, wantedA := after.wishes[k.Name]
		b, wantedB := before.wishes[k.Name]
		wanted := wantedA || wantedB
		ours := k.Scope == catalogue.PerNetns && strings.HasPrefix(k.Name, "net.") && !strings.HasPrefix(k.Name, "net.netfilter.")
		if !ours {
			if wanted {
				d.absent = append(d.absent, report.ProofAbsence{Target: k.Name, Reason: whyNotProvable(k)})
			}
			continue
		}
		running, err := h.ReadKnob(k.Name)
		if err != nil {
			if wanted {
				d.absent = append(d.absent, report.ProofAbsence{Target: k.Name, Reason: "what runs cannot be read: " + host.Cause(err).Error()})
			}
			continue
		}
		running = k.Normal(running)
		old, now := met(k, b, wantedB, running), met(k, a, wantedA, running)
		d.before.Settings = append(d.before.Settings, prove.Setting{Key: k.Name, Value: old})
		d.after.Settings = append(d.after.Settings, prove.Setting{Key: k.Name, Value: now})
	}
	for _, s := range []side{before, after} {
		for _, w := range s.profile.Keys {
			if _, known := cat.About(w.Key); !known {
				d.absent = append(d.absent, report.ProofAbsence{
					Target: w.Key, Reason: "it is not in the catalogue of keys: whether a network namespace has its own is not known",
				})
			}
		}
	}
}

// met is what a key comes to that has the running value, where w is wished of it.
func met(k catalogue.Key, w profile.Wish, wanted bool, running string) string {
	switch {
	case !wanted:
		return running
	case w.Mode == profile.ExactMode || k.Validate(running) != nil:
		return k.Normal(w.Value)
	case w.Mode == profile.UnionMode:
		return k.Union(w.Value, running)
	}
	return k.Better(w.Value, running)
}

func whyNotProvable(k catalogue.Key) string {
	if k.Scope == catalogue.Global {
		return "one value for the whole machine: a network namespace has none of its own"
	}
	return "nothing of what is measured here depends on it"
}

// drop takes out what a network namespace does not take, and notes in what the sides differ. It says of which kind a
// path of that shape is here.
func (d *sides) drop(shape path.Shape, w Prove) (kind string, err error) {
	p, err := path.New(shape)
	if err != nil {
		return "", fmt.Errorf("cannot compare: %w", err)
	}
	if p.NotNetem != "" && w.Announce != nil {
		w.Announce("the path is an emulator of our own: " + p.NotNetem)
	}
	refused, err := prove.Refused([]prove.Side{d.before, d.after}, p)
	_, failed := p.Close()
	if err := errors.Join(err, failed); err != nil {
		return "", fmt.Errorf("cannot compare: %w", err)
	}
	var before, after []prove.Setting
	for i, b := range d.before.Settings {
		a := d.after.Settings[i]
		reason, not := refused[b.Key]
		if !not {
			before, after = append(before, b), append(after, a)
		}
		switch {
		case a.Value == b.Value:
		case not:
			d.absent = append(d.absent, report.ProofAbsence{Target: b.Key, Reason: reason})
		default:
			d.differ = append(d.differ, report.ProofSetting{Target: b.Key, Before: b.Value, After: a.Value})
		}
	}
	d.before.Settings, d.after.Settings = before, after
	return p.Kind, nil
}
