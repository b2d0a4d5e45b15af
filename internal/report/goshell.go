package report

// GoShell says which go one kind of shell would run, for go list. No shell was run for that: its files were read.
type GoShell struct {
	Target  string   `json:"target"` // "login shell", "shell", "zsh", "sudo", "cron"; "login shell of alice"
	State   string   `json:"state"`  // "active": it runs the active one; "other"; "none": it finds none; "unknown"
	Go      string   `json:"go"`     // what it finds in PATH, "/usr/bin/go"; "" for none
	Version string   `json:"version,omitempty"`
	By      string   `json:"by,omitempty"` // who put that one here, as in GoVersion
	Why     string   `json:"why"`
	Fix     string   `json:"fix,omitempty"`    // what to do so that it runs the active one
	Doubts  []string `json:"doubts,omitempty"` // what could make it run another one and cannot be judged
}
