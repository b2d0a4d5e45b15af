package report

// Schema is the name and version of the JSON envelope, docs/schema/tcptune-v1.json.
const Schema = "tcptune/v1"

// Report is what a command found or did. It is printed as a table, or as the one JSON document of --json.
// The lists keep the order in which they were made; none holds a time.
type Report struct {
	Schema  string `json:"schema"`
	Command string `json:"command"`
	Changed bool   `json:"changed"`
	// WouldChange says that something is planned: what a dry run would change, what status finds to be applied.
	WouldChange bool `json:"would_change"`
	Failed      bool `json:"failed"`
	ExitCode    int  `json:"exit_code"`
	// Counts says how often each status word, or grade of a check, occurs.
	Counts map[string]int `json:"counts"`
	// Profile is what is wanted, where the command is about the tuning, and Origin who says so.
	Profile     string        `json:"profile,omitempty"`
	Origin      string        `json:"origin,omitempty"`
	Changes     []Change      `json:"changes"`
	DeadLines   []DeadLine    `json:"dead_lines,omitempty"`
	Checks      []Check       `json:"checks,omitempty"`
	Keys        []Key         `json:"keys,omitempty"`
	Explained   []Explanation `json:"explained,omitempty"`
	Profiles    []Profile     `json:"profiles,omitempty"`
	Differences []Difference  `json:"differences,omitempty"`
	Sizing      *Sizing       `json:"sizing,omitempty"`
	Holders     []Holder      `json:"holders,omitempty"`
	Service     []Service     `json:"service,omitempty"`
	Versions    []GoVersion   `json:"versions,omitempty"`
	Tools       []GoTool      `json:"tools,omitempty"`
	Shells      []GoShell     `json:"shells,omitempty"`
	Build       *Build        `json:"build,omitempty"`
	Records     []Record      `json:"records,omitempty"`
	Lint        []Finding     `json:"lint,omitempty"`
	Import      []Imported    `json:"import,omitempty"`
	Bench       *Bench        `json:"bench,omitempty"`
	Findings    *[]Limit      `json:"findings,omitempty"` // of diagnose, which always has the list
	Observed    []Observed    `json:"observed,omitempty"`
	Proof       *Proof        `json:"prove,omitempty"`
	Metrics     []Metric      `json:"metrics,omitempty"`
	Warnings    []string      `json:"warnings"`
	Error       *Error        `json:"error"`
}

// Summed is r with what its rows add up to.
func (r Report) Summed() Report {
	r.Counts = map[string]int{}
	for _, c := range r.Changes {
		r.Counts[string(c.Status)]++
	}
	for _, k := range r.Keys {
		if k.Status != "" {
			r.Counts[string(k.Status)]++
		}
	}
	for _, c := range r.Checks {
		r.Counts[string(c.Grade)]++
	}
	for _, f := range r.Lint {
		r.Counts[string(f.Severity)]++
	}
	if r.Findings != nil {
		for _, f := range *r.Findings {
			r.Counts[f.Certainty]++
		}
	}
	for _, i := range r.Import {
		r.Counts[string(i.Fate)]++
	}
	r.WouldChange = r.Counts[string(Planned)] > 0
	return r
}

// Grade is the outcome of one check.
type Grade string

// The grades of a check, from good to bad.
const (
	Pass Grade = "PASS"
	Warn Grade = "WARN"
	Fail Grade = "FAIL"
)

// Check is one finding about the host.
type Check struct {
	Name   string `json:"name"`   // stable, kebab-case: "os-release", "listen-overflows"
	Grade  Grade  `json:"grade"`  //
	Value  string `json:"value"`  // what was found
	Reason string `json:"reason"` // why that matters, or why it could not be seen
	Fix    string `json:"fix"`    // what to run or to change; "" when nothing is to be done
}

// Key is the truth about one managed key, for status. A value is nil where there is none, as of what runs in an image, or
// where it cannot be known: then Unknown says why, by the name of the field. Status is never good with an Unknown.
type Key struct {
	Target            string     `json:"target"`
	Wanted            *string    `json:"wanted"`
	Running           *string    `json:"running"`
	AfterReboot       *string    `json:"after_reboot"`
	AfterSysctlSystem *string    `json:"after_sysctl_system"`
	DecidedBy         *DecidedBy `json:"decided_by"`
	Status            Status     `json:"status"`
	Reason            string     `json:"reason,omitempty"`

	Unknown map[string]string `json:"unknown,omitempty"`
}

// The fields of a [Key] that may be unknown.
const (
	KeyRunning      = "running"
	KeyAfterReboot  = "after_reboot"
	KeySysctlSystem = "after_sysctl_system"
)

// Profile is a profile as "profile list" and, with its keys, "profile show" print it.
type Profile struct {
	Name    string       `json:"name"`
	Summary string       `json:"summary"`
	Origin  string       `json:"origin"` // "built in" or the path of the file
	Extends string       `json:"extends,omitempty"`
	Keys    []ProfileKey `json:"keys,omitempty"`
}

// ProfileKey is one wish of a profile. Value may hold $receive and $send, which the sizing fills in.
type ProfileKey struct {
	Target   string `json:"target"`
	Value    string `json:"value"`
	Mode     string `json:"mode"` // "raise", "exact", "union"
	Required bool   `json:"required"`
	Why      string `json:"why"`
}

// Sizing is the outcome of "profile size": bytes for the third fields of tcp_rmem and tcp_wmem, and how they came
// about.
type Sizing struct {
	ReceiveMax int64  `json:"receive_max"`
	SendMax    int64  `json:"send_max"`
	Steps      []Step `json:"steps"`
}

// Step is one line of that arithmetic.
type Step struct {
	Label      string `json:"label"`
	Arithmetic string `json:"arithmetic"`
	Result     string `json:"result"`
}
