package report

// Imported is what import has made of one assignment of a hand-written file.
type Imported struct {
	Target string `json:"target"` // "file:line"
	Key    string `json:"key"`    // as it is meant; for what names none the line itself
	Value  string `json:"value"`
	Fate   Fate   `json:"fate"`
	Reason string `json:"reason,omitempty"`
}

// Fate says what has become of an assignment.
type Fate string

// The fates of an assignment.
const (
	Taken     Fate = "taken"     // it is in the profile
	IsDefault Fate = "default"   // it is in the profile, and what the kernel does anyhow
	Corrected Fate = "corrected" // what was meant is in the profile
	Replaced  Fate = "replaced"  // a later line sets the same key
	Dead      Fate = "dead"      // it has no effect, with or without a profile
	Rejected  Fate = "rejected"  // it is not taken: the value is none for the key, or nobody can tell what was meant
	Stays     Fate = "stays"     // it is not for a profile: it stays in its file, and in force
)

// InProfile reports whether the assignment is in the profile.
func (f Fate) InProfile() bool { return f == Taken || f == IsDefault || f == Corrected }
