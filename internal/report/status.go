package report

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
	Unknown    Status = "unknown"    // what it is, or will be, cannot be told: the reason says why
	Failed     Status = "failed"     // went wrong; the report says what was rolled back
)

// Partial reports whether s is one of the words that make a run partial (exit 4).
func (s Status) Partial() bool {
	return s == Skipped || s == Refused || s == Overridden || s == Unknown
}

// Good reports whether s is one of the words that say all is well. Each stands for something that was read back from the
// thing itself, in this run; so none of them may stand where something is not known.
func (s Status) Good() bool { return s == Applied || s == Unchanged || s == Kept }

// DecidedBy names, as "file:line", the assignment that wins in each of the two ways in which sysctl files are applied.
// nil stands for "no file assigns it".
type DecidedBy struct {
	Reboot       *string `json:"reboot"`
	SysctlSystem *string `json:"sysctl_system"`
}

// Statuses are all of the words.
func Statuses() []Status {
	return []Status{Planned, Applied, Unchanged, Kept, Skipped, Refused, Overridden, Unknown, Failed}
}
