package report

// Limit is one thing that limits TCP now, for diagnose.
type Limit struct {
	Rule      string    `json:"rule"`                // stable: "receive-window"
	Certainty string    `json:"certainty"`           // "certain", "likely", "hint"
	Target    string    `json:"target"`              // "port 8080", "unit nginx.service", "interface eth0", "host"
	Namespace string    `json:"namespace,omitempty"` // the network namespace, where it is not that of tcptune
	Words     string    `json:"words"`               // what it means
	Evidence  string    `json:"evidence"`            // what was seen, in a line
	Weight    float64   `json:"weight"`              // 0 to 1: how much of the time, or of the work
	Advice    []Advised `json:"advice"`
	Check     string    `json:"check"`         // how to look afterwards
	Source    string    `json:"source"`        // where the rule is from
	New       bool      `json:"new,omitempty"` // it was not there in the run that this one is compared with
}

// Advised is what moves a limit.
type Advised struct {
	Kind   string `json:"kind"`   // "key", "unit", "program", "cpu", "elsewhere": not on this host
	Target string `json:"target"` // the key, the unit, who has to change
	Value  string `json:"value"`  // the value of the key, the line of the unit, what to change
}

// Observed is how a network namespace was looked at, for diagnose.
type Observed struct {
	Namespace    string     `json:"namespace,omitempty"`
	Narrowed     string     `json:"narrowed,omitempty"` // "port 443": what alone was looked at
	Duration     float64    `json:"duration_s"`
	Looks        int        `json:"looks"`
	Sockets      int        `json:"sockets"` // connections, at the last look
	Sending      int        `json:"sending"` // that sent something meanwhile
	Came         int        `json:"came"`    // between the looks
	Went         int        `json:"went"`    // of those nothing is known
	Sampled      float64    `json:"sampled"` // the share of the connections that were followed
	ProgramShare float64    `json:"program_share"`
	Unknown      []Unjudged `json:"unknown"`
	Gone         []string   `json:"gone,omitempty"` // findings of the run that this one is compared with
	Spreads      []Spread   `json:"spreads"`        // of figures over the connections that were followed
	Services     []Spent    `json:"services"`       // those that sent something, at most 50
}

// Spread is how a figure is spread over connections.
type Spread struct {
	Of     string    `json:"of"`     // "rtt" and "min-rtt" in microseconds, "sent" and "received" in bytes a second, the others shares
	Bands  []float64 `json:"bands"`  // the lower bound of each, and the upper bound of the last
	Counts []int     `json:"counts"` // of connections in each band
}

// Spent is where the time went that the connections of a service had for sending.
type Spent struct {
	Target      string      `json:"target"` // as of a finding
	Connections int         `json:"connections"`
	Sending     int         `json:"sending"` // of these
	Shares      []SpentPart `json:"shares"`  // that add up to 1
}

// SpentPart is a part of that time.
type SpentPart struct {
	By    string  `json:"by"` // the rule that it counts for, or "network"
	Share float64 `json:"share"`
}

// Unjudged is a limit that may be there and could not be seen.
type Unjudged struct {
	Rule   string `json:"rule"`
	Target string `json:"target"`
	Reason string `json:"reason"`
}
