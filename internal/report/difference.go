package report

// Difference is a key that two sides do not want, or have, alike, for profile diff.
type Difference struct {
	Target string  `json:"target"`           // the key
	A      *string `json:"a"`                // the value of the first side; nil where it has none
	B      *string `json:"b"`                // that of the second
	ModeA  string  `json:"mode_a,omitempty"` // how the first side wants it: "raise", "exact", "union", and "required"
	ModeB  string  `json:"mode_b,omitempty"`
	// Enough says that the value of the host differs, and needs no change for the profile.
	Enough bool   `json:"enough"`
	Reason string `json:"reason,omitempty"` // why the host has no value, or one that is enough
}
