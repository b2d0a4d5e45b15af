package plan

import "github.com/tcptune/tcptune/internal/report"

// Change is one difference between the host and the wanted state: the row that is shown of it, and what the transaction
// needs besides. It is data only: what it means to observe, write or undo it is the business of the effector of its
// Kind.
type Change struct {
	report.Change

	// Release ends tcptune's ownership of the target once the change is made: it is given back.
	Release bool `json:"-"`
	// Unknown says that Before, although it is what runs, is not what the host had before tcptune: a file of ours has
	// set it at boot.
	Unknown bool `json:"-"`
	// Needs is a change without which this one makes no sense: when that is refused, this one is not tried.
	Needs Ref `json:"-"`
	// Tried: the status Refused comes from the kernel, not from the planner.
	Tried bool `json:"-"`
}

// Writes reports whether c is to be carried out. The other status words stand for keys that a plan reports without
// touching them.
func (c Change) Writes() bool { return c.Status == report.Planned }

// Rows is what is shown of changes.
func Rows(changes []Change) []report.Change {
	rows := make([]report.Change, len(changes))
	for i, c := range changes {
		rows[i] = c.Change
	}
	return rows
}
