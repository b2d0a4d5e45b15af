package report

import "slices"

// Kind says what a change touches.
type Kind string

// The kinds of change. The last two have no inverse, so they are never part of a transaction.
const (
	Knob   Kind = "knob"   // a sysctl key of the running kernel
	Folder Kind = "folder" // a folder that a file of ours needs; removed again only when empty
	File   Kind = "file"   // a regular file, whole
	Link   Kind = "link"   // a symbolic link; its value is where it leads
	Tree   Kind = "tree"   // a whole folder, made beside its place; its value tells what it is
	Switch Kind = "switch" // a link that may stand in the place of a folder, which is kept
	// Retired is a file of somebody else that is moved aside whole, under another name beside it; its value is its SHA-256.
	Retired Kind = "retired"
	Unit    Kind = "unit"   // a unit of systemd: "active", "inactive", "restarted", "reloaded"
	Module  Kind = "module" // a kernel module, loaded or not
	Qdisc   Kind = "qdisc"  // the root queue discipline of an interface

	Signal    Kind = "signal"    // a process, by its pid; it is ended
	Container Kind = "container" // a container, "docker/NAME"; its engine stops it
	// Connection is one of TCP, "LOCAL -> REMOTE"; the kernel closes it.
	Connection Kind = "connection"
)

// Change is what is shown of one change, or of a thing that needed none.
type Change struct {
	Kind   Kind   `json:"kind"`
	Target string `json:"target"` // a key, an absolute path, a module name, an interface, a pid, a unit, a container

	// Before and After are the whole value on each side: a sysctl value, the bytes of a file, "loaded", the name of a
	// queue discipline. nil means absent: a file that does not exist, a module that is not loaded, a key that this
	// kernel does not have.
	Before *string `json:"before"`
	After  *string `json:"after"`
	// Effective is what was read back after writing; nil before that, and where it could not be read.
	Effective *string `json:"effective"`

	Status    Status     `json:"status"`
	Reason    string     `json:"reason,omitempty"` // why the status is not simply "applied"
	Why       string     `json:"why"`
	Source    string     `json:"source"`     // where the wish comes from: "profile server", "revert"
	DecidedBy *DecidedBy `json:"decided_by"` // what decides after the next boot, when it is not us
	// Doubt is why it is not known what becomes of it after the next boot, or by sysctl --system.
	Doubt string `json:"doubt,omitempty"`

	// Required makes the whole plan fail, and roll back, when this change cannot be made.
	Required bool `json:"required,omitempty"`
}

// Moved reports whether the thing is not as it was: changed, or changed and not rolled back.
func (c Change) Moved() bool {
	switch c.Status {
	case Applied:
		return true
	case Overridden, Unknown, Failed:
		return c.Before != nil && c.Effective != nil && *c.Before != *c.Effective
	case Planned, Unchanged, Kept, Skipped, Refused:
	}
	return false
}

// Partial reports whether c makes a run partial: it is not as wanted, or will not stay so.
func (c Change) Partial() bool {
	return c.Status.Partial() || c.Status == Planned && (c.DecidedBy != nil || c.Doubt != "")
}

// Partial reports whether one of changes makes a run partial.
func Partial(changes []Change) bool { return slices.ContainsFunc(changes, Change.Partial) }

// Changed reports whether one of changes has left its thing not as it was.
func Changed(changes []Change) bool { return slices.ContainsFunc(changes, Change.Moved) }

// Left reports whether one of changes could not be made, or taken back, as far as it was to be.
func Left(changes []Change) bool {
	return slices.ContainsFunc(changes, func(c Change) bool { return c.Status == Kept || c.Status.Partial() })
}
