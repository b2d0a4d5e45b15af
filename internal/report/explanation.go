package report

// Explanation is what a key means, for explain. Its values on this host are those of the [Key] of the same target.
type Explanation struct {
	Target string `json:"target"`
	Text   string `json:"text"` // for a list the first sentence
	// NoEffectSince is the first Linux that takes a value and does nothing with it, Instead what to do then.
	NoEffectSince string  `json:"no_effect_since,omitempty"`
	Instead       string  `json:"instead,omitempty"`
	NotOurs       string  `json:"not_ours,omitempty"` // whose business it is, where no built-in profile ever sets it
	Fields        []Field `json:"fields,omitempty"`
	Scope         string  `json:"scope,omitempty"`
	Module        string  `json:"module,omitempty"` // the key appears with it
	Since         string  `json:"since,omitempty"`  // "5.15", the first Linux with the key
	// Defaults are lines, one for each range of kernels.
	Defaults []string `json:"defaults,omitempty"`
	Myths    []Myth   `json:"myths,omitempty"`
	Setters  []string `json:"setters,omitempty"` // the files of this host that assign it, and which one wins
	Sources  []string `json:"sources,omitempty"`
}

// Field is one number of the value of a key.
type Field struct {
	Name string `json:"name"`
	Unit string `json:"unit,omitempty"`
	Min  int64  `json:"min"` // the sensible range; both are 0 for what is no number
	Max  int64  `json:"max"`
	Rule string `json:"rule,omitempty"` // "more is more", "less is more"
}

// Myth is a claim that circulates about a key, and what is true.
type Myth struct {
	Claim string `json:"claim"`
	Truth string `json:"truth"`
}
