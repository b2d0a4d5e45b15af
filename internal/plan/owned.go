package plan

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/tcptune/tcptune/internal/report"
)

// Owned is one thing that tcptune changed.
type Owned struct {
	Kind   report.Kind `json:"kind"`
	Target string      `json:"target"`
	Before *blob       `json:"before"` // as it was before the first apply; null: absent
	Mode   uint32      `json:"mode,omitempty"`
	Ours   *blob       `json:"ours"`   // as tcptune left it; null: removed
	BootID string      `json:"boot"`   // the boot and network namespace in which Before was running; says nothing of an image
	Source string      `json:"source"` // who wanted it
}

// Ref names what o is about.
func (o Owned) Ref() Ref { return Ref{o.Kind, o.Target} }

// Former is the value before the first apply, nil when the thing was absent.
func (o Owned) Former() *string { return (*string)(o.Before) }

// Left is the value that tcptune left, nil when it removed the thing.
func (o Owned) Left() *string { return (*string)(o.Ours) }

// settled is what a plan has come to.
type settled struct {
	made, keep []record
	refused    []Refusal
	forget     []Ref
	wanted     json.RawMessage
	remember   map[string]json.RawMessage
}

// commit records what a plan has come to: a first change remembers the state before it, a later one keeps that memory,
// and a thing that was given back, or is as it was, is no longer ours.
func (j *Journal) commit(done settled, bootID string) {
	j.Pending, j.Notices, j.Expired = nil, nil, false
	j.Owned = slices.Clone(j.Owned)
	forget := slices.Clone(done.forget)
	for _, r := range done.made {
		if r.Release {
			forget = append(forget, Ref{r.Kind, r.Target})
			continue
		}
		j.own(r, bootID)
	}
	for _, r := range done.keep {
		// What is owned stays as it was left: the value that runs may be somebody else's by now, and then so it is for
		// revert.
		if _, owned := j.Find(Ref{r.Kind, r.Target}); !owned {
			j.own(r, bootID)
		}
	}
	j.Owned = slices.DeleteFunc(j.Owned, func(o Owned) bool {
		ref := Ref{o.Kind, o.Target}
		kept := slices.ContainsFunc(done.keep, func(r record) bool { return ref == Ref{r.Kind, r.Target} })
		asBefore := o.Before == nil && o.Ours == nil || o.Before != nil && o.Ours != nil && *o.Before == *o.Ours
		return slices.Contains(forget, ref) || asBefore && !kept
	})
	j.Refused = done.refused
	switch string(done.wanted) {
	case "":
	case "null":
		j.Wanted = nil
	default:
		j.Wanted = done.wanted
	}
	j.Memory = maps.Clone(j.Memory)
	for source, value := range done.remember {
		if value == nil {
			delete(j.Memory, source)
			continue
		}
		if j.Memory == nil {
			j.Memory = map[string]json.RawMessage{}
		}
		j.Memory[source] = value
	}
}

// own remembers that tcptune has left r.Target as r says.
func (j *Journal) own(r record, bootID string) {
	i := slices.IndexFunc(j.Owned, func(o Owned) bool { return o.Kind == r.Kind && o.Target == r.Target })
	if i < 0 {
		j.Owned = append(j.Owned, Owned{
			Kind: r.Kind, Target: r.Target, Source: r.Source, BootID: bootID,
			Before: r.former(), Mode: r.Mode, Ours: r.After,
		})
		return
	}
	o := &j.Owned[i]
	// In a later boot the value from before is worth nothing, unless ours was lost: then it is what runs now.
	if r.Kind == report.Knob && o.BootID != bootID && !equal((*string)(r.Before), o.Left()) && !r.Unknown {
		o.Before, o.BootID = r.Before, bootID
	}
	o.Ours, o.Source = r.After, r.Source
}

// OwnedKnob describes a key that a file of tcptune set at boot, with no apply since then: what it was before is
// unknown.
func OwnedKnob(key, value, bootID string) Owned {
	return Owned{Kind: report.Knob, Target: key, Ours: (*blob)(&value), BootID: bootID}
}

// After is the journal as it is when every planned change of p has been made. It is for forecasts, and writes
// nothing.
func (j Journal) After(p Plan, bootID string) Journal {
	done := settled{keep: recordsOf(p.Keep), forget: p.Forget, wanted: p.Wanted}
	for _, c := range p.Changes {
		if c.Writes() {
			done.made = append(done.made, recordOf(c, 0))
		}
	}
	j.commit(done, bootID)
	return j
}

// stuck remembers what could not be undone as ours, so that revert tries it again and nothing else has to wait for it.
func (j *Journal) stuck(left []record, bootID string) {
	j.Owned = slices.Clone(j.Owned)
	for _, r := range left {
		if _, known := j.Find(Ref{r.Kind, r.Target}); !known {
			j.Owned = append(j.Owned, Owned{
				Kind: r.Kind, Target: r.Target, Source: r.Source, BootID: bootID, Before: r.Before, Mode: r.Mode, Ours: r.After,
			})
		}
	}
}
