package report

// Record is one change that root has made through tcptune, for history and for the journal of systemd.
type Record struct {
	ID          string           `json:"id"`           // names it: 8 hexadecimal digits
	Time        string           `json:"time"`         // RFC 3339, UTC, in seconds: when it had ended
	Command     string           `json:"command"`      // "apply", "port", "service install"; "expiry": an apply was not confirmed
	CommandLine string           `json:"command_line"` // as it was typed, without secrets
	By          Actor            `json:"by"`
	Changes     []RecordedChange `json:"changes"`
	More        int              `json:"more,omitempty"` // changes that there was no room for
	ExitCode    int              `json:"exit_code"`
	ErrorCode   string           `json:"error_code,omitempty"` // why it failed
	Version     string           `json:"version"`              // of the tcptune that did it
}

// Actor is on whose behalf a command ran, as far as the kernel and the environment tell. What is not known is absent.
type Actor struct {
	UID      int     `json:"uid"`
	AuditUID *uint32 `json:"audit_uid,omitempty"` // who had logged in, whatever they became since: /proc/self/loginuid
	SudoUser string  `json:"sudo_user,omitempty"` // what the environment says, which anybody can set
	Terminal string  `json:"terminal,omitempty"`  // "/dev/pts/0"
	Unit     string  `json:"unit,omitempty"`      // "session-3.scope", "cron.service"
}

// RecordedChange is a [Change] that was made, or was not and left something behind. Secrets are hidden; of a file there
// is its size and a digest. Before or After of what was absent is null.
type RecordedChange struct {
	Kind   string  `json:"kind"` // as in a [Change]; "package": of apt
	Target string  `json:"target"`
	Before *string `json:"before"`
	After  *string `json:"after"`
	Status Status  `json:"status"`
}
