package plan

import (
	"io/fs"

	"github.com/tcptune/tcptune/internal/report"
)

// record is a change in the journal: what is needed to undo it, byte for byte.
type record struct {
	Kind   report.Kind `json:"kind"`
	Target string      `json:"target"`
	Before *blob       `json:"before"`
	Mode   uint32      `json:"mode,omitempty"` // of the file before
	After  *blob       `json:"after"`
	Source string      `json:"source,omitempty"`
	Why    string      `json:"why,omitempty"`
	// Release and Unknown: see [Change].
	Release bool `json:"release,omitempty"`
	Unknown bool `json:"unknown,omitempty"`
}

// former is what the host had before tcptune, nil when that is not known.
func (r record) former() *blob {
	if r.Unknown {
		return nil
	}
	return r.Before
}

func recordOf(c Change, mode fs.FileMode) record {
	return record{
		Kind: c.Kind, Target: c.Target, Source: c.Source, Why: c.Why, Release: c.Release, Unknown: c.Unknown,
		Before: (*blob)(c.Before), After: (*blob)(c.After), Mode: uint32(mode.Perm()),
	}
}

// change is r as a change that is still to be made, and must be.
func (r record) change() Change {
	return Change{Release: r.Release, Unknown: r.Unknown, Change: report.Change{
		Kind: r.Kind, Target: r.Target, Source: r.Source, Why: r.Why,
		Before: (*string)(r.Before), After: (*string)(r.After), Status: report.Planned, Required: true,
	}}
}

// Ref names what r is about.
func (r record) Ref() Ref { return Ref{r.Kind, r.Target} }

// back is the change that undoes r.
func (r record) back() Change {
	return Change{
		Change: report.Change{
			Kind:   r.Kind,
			Target: r.Target,
			Before: (*string)(r.After),
			After:  (*string)(r.Before),
			Source: "revert",
		},
	}
}

func recordsOf(changes []Change) (list []record) {
	for _, c := range changes {
		list = append(list, recordOf(c, 0))
	}
	return list
}
