package report

// Service is how a service is doing, for service status. What cannot be known is absent, and Reason says why.
type Service struct {
	Target string `json:"target"` // its name
	// "active": its socket listens and the service has not failed; "failing": it is started again and again, or not at
	// all; "inactive", "failed", "not-found".
	State    string        `json:"state"`
	Protocol string        `json:"protocol,omitempty"` // of the bundled server
	Program  string        `json:"program,omitempty"`
	Listen   []string      `json:"listen"` // "[::]:8080"
	Admin    string        `json:"admin,omitempty"`
	Units    []ServiceUnit `json:"units"`
	Pid      int           `json:"pid,omitempty"`
	// Memory is in bytes: what systemd accounts, page cache and kernel included, or else what the process has resident.
	Memory   uint64  `json:"memory,omitempty"`
	Restarts int     `json:"restarts"`         // times that systemd has started it again after it had failed
	Says     string  `json:"says,omitempty"`   // what the service says of itself, sd_notify(3)
	Server   *Server `json:"server,omitempty"` // from the admin socket of the bundled server
	// ListenOverflows counts connections that this host, not only this service, had no room for since it was booted.
	ListenOverflows *uint64 `json:"listen_overflows,omitempty"`
	// Exposure is that of systemd-analyze security: 0 for what can do no harm, 10 for what can do all.
	Exposure *float64 `json:"exposure,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	// Journal are the last lines that tell why it fails.
	Journal []string `json:"journal,omitempty"`
}

// ServiceUnit is a unit of a service, in the words of systemd.
type ServiceUnit struct {
	Target string `json:"target"` // "tcptune-server.socket"
	Active string `json:"active"` // "active", "inactive", "failed", …
	Sub    string `json:"sub"`    // "listening", "running", "dead", …
	File   string `json:"file"`   // "enabled", "disabled", "static", …
	// DropIns are files of the operator that change the unit.
	DropIns []string `json:"drop_ins,omitempty"`
}

// Server is what the bundled server counts, since it was started.
type Server struct {
	Protocol string            `json:"protocol"`
	Version  string            `json:"version"`
	Draining bool              `json:"draining"`
	Active   int64             `json:"active"` // connections that are open
	MaxConns int64             `json:"max_conns"`
	Accepted uint64            `json:"accepted"`
	Refused  map[string]uint64 `json:"refused"` // by reason
	Queued   int64             `json:"queued"`  // wait for a slot
	Messages uint64            `json:"messages"`
	BytesIn  uint64            `json:"bytes_in"`
	BytesOut uint64            `json:"bytes_out"`
	Uptime   float64           `json:"uptime_seconds"`
	Limits   map[string]string `json:"limits,omitempty"`              // that hold, by name
	Expires  string            `json:"certificate_expires,omitempty"` // RFC 3339; absent without TLS
}
