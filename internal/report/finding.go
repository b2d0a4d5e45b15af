package report

// Severity says how much a finding about a file matters.
type Severity string

// The severities, from bad to good. A note is no reason for an exit code.
const (
	Mistake Severity = "error"   // the line, or the file, does not do what it says
	Warning Severity = "warning" // it does, and somebody should look at it; or it cannot be known whether it does
	Note    Severity = "note"    // worth knowing
)

// Finding is one thing that lint says about a line of a file that sets kernel settings, or about the file.
type Finding struct {
	Target   string   `json:"target"` // "file:line", or "file"
	File     string   `json:"file"`
	Line     int      `json:"line"` // 0: the whole file
	Key      string   `json:"key,omitempty"`
	Value    string   `json:"value,omitempty"`
	Kind     string   `json:"kind"` // stable, kebab-case: "unknown-key", "overridden"
	Severity Severity `json:"severity"`
	Reason   string   `json:"reason"`
	Fix      string   `json:"fix"`              // what to do; "" when nothing is to be done
	Source   string   `json:"source,omitempty"` // where the objection is from
}

// Wrong reports whether f is more than a note.
func (f Finding) Wrong() bool { return f.Severity != Note }

// FindingKind is a kind of finding: its stable name, how much most of its findings matter, and what it is about in a few
// words.
type FindingKind struct {
	Name     string
	Severity Severity
	About    string
}
