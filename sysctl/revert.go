package sysctl

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"

	"github.com/tcptune/tcptune/internal/plan"
)

// Revert plans the way back to before the first apply. It undoes only what still is as tcptune left it: what somebody
// else has changed since is theirs, is left, and is said.
func Revert(s *Survey, cat *catalogue.Catalogue) plan.Plan {
	p := plan.Plan{Command: "revert", Wanted: json.RawMessage("null")}
	var files, folders, links []plan.Change
	forget := func(o plan.Owned) { p.Forget = append(p.Forget, o.Ref()) }
	for _, o := range slices.Backward(s.ownedWithLines()) {
		switch o.Kind {
		case report.Knob:
			k := entry(cat, o.Target) // perhaps an older tcptune knew it
			c, gone := s.giveBack(k, o)
			if gone {
				forget(o)
			}
			p.Changes = append(p.Changes, c)
		case report.File:
			c, gone := s.giveFileBack(o)
			if gone {
				forget(o)
			}
			files = append(files, c)
		case report.Retired:
			c, gone := s.giveRetiredBack(o)
			if gone {
				forget(o)
			}
			files = append(files, c)
		case report.Folder:
			if c, empty := s.giveFolderBack(o); empty {
				folders = append(folders, c)
			} else {
				forget(o)
			}
		case report.Module:
			forget(o) // stays loaded until the next boot, which does no harm
		case report.Qdisc:
			c := s.giveLinkBack(o)
			if !c.Writes() {
				forget(o)
			}
			links = append(links, c)
		}
	}
	// Queue disciplines come last: the kernel picks the default one by net.core.default_qdisc, a knob.
	p.Changes = slices.Concat(p.Changes, files, folders, links)
	for i := range p.Changes {
		p.Changes[i].Why, p.Changes[i].Source = "as it was before the first apply", "revert"
	}
	return p
}

// ownedWithLines adds to what the journal knows the keys that our file has set at boot without any apply since: they
// are ours too, and what they were before is not known.
func (s *Survey) ownedWithLines() []plan.Owned {
	owned := slices.Clone(s.Journal.Owned)
	file, ours := s.Journal.Find(plan.Ref{Kind: report.File, Target: s.Own.Path})
	if !ours || !s.Live || file.BootID == s.BootID {
		return owned
	}
	for key, value := range s.ownLines() {
		if _, known := s.Journal.Find(plan.Ref{Kind: report.Knob, Target: key}); known || s.Knobs[key].Value != value {
			continue
		}
		owned = append(owned, plan.OwnedKnob(key, value, file.BootID))
	}
	slices.SortStableFunc(owned[len(s.Journal.Owned):], func(a, b plan.Owned) int {
		if a.Target < b.Target {
			return -1
		}
		return 1
	})
	return owned
}

// giveBack is the change that returns a running value to what it was. forget says that nothing can be changed and
// tcptune has no business with the key any more.
func (s *Survey) giveBack(k catalogue.Key, o plan.Owned) (c plan.Change, forget bool) {
	knob := s.Knobs[o.Target]
	c = plan.Change{Change: report.Change{Kind: report.Knob, Target: o.Target, Status: report.Kept}, Release: true}
	if !s.Live || !knob.Present {
		c.Status, c.Reason = report.Unchanged, "not running here"
		return c, true
	}
	value := knob.Value
	c.Before, c.Effective = &value, &value
	if left := o.Left(); (left == nil || !k.Equal(*left, value)) && !s.ours(k) {
		c.Reason = "changed since by somebody else, so it is left"
		return c, true
	}
	fc := s.Elsewhere.Key(o.Target)
	held, set := fc.Reboot.Value()
	switch {
	case o.BootID == s.BootID && o.Former() != nil:
		c.After = o.Former()
	case fc.Reboot.Unknown:
		c.Reason = "it stays until the next boot, since nobody can tell what it should be: " + fc.Reboot.Reason
		return c, true
	case set && fc.Reboot.Set != nil:
		after := k.Normal(held)
		c.After = &after
		c.Reason = "the value of " + fc.Reboot.Set.Origin.String() + ": the one from before went with the last boot"
	default:
		c.Reason = "nothing sets it any more, and the value from before went with the last boot: it stays until the next one"
		return c, true
	}
	if k.Equal(*c.After, value) {
		c.Status, c.Reason = report.Unchanged, ""
		return c, true
	}
	c.Effective, c.Status = nil, report.Planned
	return c, false
}

func (s *Survey) giveFileBack(o plan.Owned) (c plan.Change, forget bool) {
	c = plan.Change{
		Change:  report.Change{Kind: report.File, Target: o.Target, Status: report.Kept, After: o.Former(), Required: true},
		Release: true,
	}
	now, err := readOptional(s.reader, o.Target)
	c.Before = now
	switch {
	case err != nil:
		c.Reason = err.Error()
		return c, true
	case now == nil && o.Former() == nil:
		c.Status, c.Reason = report.Unchanged, "somebody has removed it already"
		return c, true
	case now == nil || o.Left() == nil || *now != *o.Left():
		c.Reason = "edited since by somebody else, so it is left"
		c.After, c.Effective = now, now
		return c, true
	}
	c.Status = report.Planned
	return c, false
}

// giveFolderBack removes a folder that tcptune made, unless somebody else uses it by now.
func (s *Survey) giveFolderBack(o plan.Owned) (c plan.Change, empty bool) {
	names, err := s.reader.ReadDir(o.Target)
	if err != nil {
		return c, false
	}
	for _, n := range names {
		if _, ours := s.Journal.Find(plan.Ref{Kind: report.File, Target: path.Join(o.Target, n)}); !ours {
			return c, false
		}
	}
	return plan.Change{
		Change: report.Change{
			Kind: report.Folder, Target: o.Target, Before: o.Left(), Status: report.Planned,
		}, Release: true,
	}, true
}

func (s *Survey) giveLinkBack(o plan.Owned) plan.Change {
	c := plan.Change{Change: report.Change{Kind: report.Qdisc, Target: o.Target, Status: report.Kept}, Release: true}
	i := slices.IndexFunc(s.Links, func(l Link) bool { return l.Name == o.Target })
	switch {
	case i < 0 || o.BootID != s.BootID:
		c.Status, c.Reason = report.Unchanged, "attached anew by the kernel since, by "+qdiscKey
		if i >= 0 {
			c.Before, c.Effective = &s.Links[i].Qdisc, &s.Links[i].Qdisc
		}
	case o.Left() == nil || s.Links[i].Qdisc != *o.Left():
		c.Reason = fmt.Sprintf("changed to %s since by somebody else, so it is left", s.Links[i].Qdisc)
	default:
		c.Before, c.After, c.Status = &s.Links[i].Qdisc, o.Former(), report.Planned
	}
	return c
}
