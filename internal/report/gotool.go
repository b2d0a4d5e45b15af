package report

// GoTool is a program that a Go of this host has built for every user, or would build.
type GoTool struct {
	Target string `json:"target"` // "gopls"
	// State is "installed"; "planned": it would be built; "damaged": it is not what was installed, or nothing leads to it;
	// "unknown": what it is, or would be, cannot be told.
	State   string `json:"state"`
	Package string `json:"package,omitempty"` // "golang.org/x/tools/gopls"
	Version string `json:"version,omitempty"` // of its module, "v0.24.0"
	Needs   string `json:"needs,omitempty"`   // the Go that its module asks for, at least, of one that is planned
	Go      string `json:"go,omitempty"`      // the Go that has built it, or would: "1.27.4"
	Path    string `json:"path,omitempty"`    // the command
	Why     string `json:"why,omitempty"`     // of one that is damaged or unknown
	Fix     string `json:"fix,omitempty"`     // the command that repairs it
}
