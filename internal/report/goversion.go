package report

// GoVersion is a Go toolchain, for go list.
type GoVersion struct {
	Target string `json:"target"` // "1.26.3"; what an unknown one says of itself, or ""
	// State is "active": /usr/local/go is it; "installed"; "kept": stood there before; "available": elsewhere; "damaged": it is
	// not what was installed, or does not run; "unknown": whether it is cannot be told.
	State string `json:"state"`
	By    string `json:"by"` // who put it here: "tcptune", "apt", "snap", "hand"; "" for one that is available
	Path  string `json:"path,omitempty"`
	Why   string `json:"why,omitempty"` // of one that is damaged or unknown
	Fix   string `json:"fix,omitempty"` // the command that repairs it
	// Of one that tcptune has installed: where it came from, and what proved it.
	Source   string   `json:"source,omitempty"`
	URL      string   `json:"url,omitempty"`
	Digest   string   `json:"digest,omitempty"`
	Verified []string `json:"verified,omitempty"`
}
