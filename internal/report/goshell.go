package report

// GoShell says which go one kind of shell would run, for go list: as far as files in /etc say, or as the shell of a
// user has answered.
type GoShell struct {
	Target  string `json:"target"` // "login shell", "shell", "sudo"; asked: "login shell of alice", "shell of alice"
	State   string `json:"state"`  // "active": it runs the active one; "other"; "none": it finds none; "unknown"
	Go      string `json:"go"`     // what it finds in PATH, "/usr/bin/go"; "" for none
	Version string `json:"version,omitempty"`
	By      string `json:"by,omitempty"` // who put that one here, as in GoVersion
	Why     string `json:"why"`
	Fix     string `json:"fix,omitempty"` // what to do so that it runs the active one
	// What the go command would find in the environment there.
	Goroot      string   `json:"goroot,omitempty"`
	Goflags     string   `json:"goflags,omitempty"`
	Gotoolchain string   `json:"gotoolchain,omitempty"`
	Doubts      []string `json:"doubts,omitempty"` // what could make it run another one and cannot be judged
}
