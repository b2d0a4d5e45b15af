package plan

// Kind says what a change touches.
type Kind string

// The kinds of change. A kind is carried out by the effector of the same name, but for the last two: what they do has no
// inverse, so they are no part of a transaction. Package portcheck carries them out, and stops units in its own order.
const (
	Knob   Kind = "knob"   // a sysctl key of the running kernel
	Folder Kind = "folder" // a folder that a file of ours needs; removed again only when empty
	File   Kind = "file"   // a regular file, whole
	Link   Kind = "link"   // a symbolic link; its value is where it leads
	Tree   Kind = "tree"   // a whole folder, made beside its place; its value tells what it is, see [TreeRecord]
	Switch Kind = "switch" // a link that may stand in the place of a folder, which is kept, see [FolderInPlace]
	Unit   Kind = "unit"   // a unit of systemd: "active", "inactive"; [Restarted] and [Reloaded] for one that stays active
	Module Kind = "module" // a kernel module, loaded or not
	Qdisc  Kind = "qdisc"  // the root queue discipline of an interface

	Signal    Kind = "signal"    // a process, by its pid; it is ended
	Container Kind = "container" // a container, "docker/NAME"; its engine stops it
)

// Status is what became of a change, or of a key that needed none.
type Status string

// The status words of the JSON envelope.
const (
	Planned    Status = "planned"    // would be changed
	Applied    Status = "applied"    // changed and read back
	Unchanged  Status = "unchanged"  // is as wanted already
	Kept       Status = "kept"       // the host has more than wanted, or somebody else's value is left alone
	Skipped    Status = "skipped"    // does not exist on this host
	Refused    Status = "refused"    // the kernel or the environment does not allow it
	Overridden Status = "overridden" // is as wanted now, but something else decides after the next boot
	Failed     Status = "failed"     // went wrong; the report says what was rolled back
)

// Partial reports whether s is one of the words that make a run partial (exit 4).
func (s Status) Partial() bool { return s == Skipped || s == Refused || s == Overridden }

// Change is one difference between the host and the wanted state. It is data only: what it means to observe, write or
// undo it is the business of the effector of its Kind.
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
	Source    string     `json:"source"`     // who wants it: "profile server", "revert"
	DecidedBy *DecidedBy `json:"decided_by"` // who decides after the next boot, when it is not us

	// Required makes the whole plan fail, and roll back, when this change cannot be made.
	Required bool `json:"required,omitempty"`
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

// DecidedBy names, as "file:line", the assignment that wins in each of the two ways in which sysctl files are applied.
// nil stands for "no file assigns it".
type DecidedBy struct {
	Reboot       *string `json:"reboot"`
	SysctlSystem *string `json:"sysctl_system"`
}

// Writes reports whether c is to be carried out. The other status words stand for keys that a plan reports without
// touching them.
func (c Change) Writes() bool { return c.Status == Planned }
