package report

// DeadLine is a line of the administrator's that decides nothing any more, because ours wins.
type DeadLine struct {
	Target string `json:"target"` // the key
	At     string `json:"at"`     // "file:line"
	Value  string `json:"value"`  // what it says
	New    bool   `json:"new"`    // dead from now on; else it was so before
}
