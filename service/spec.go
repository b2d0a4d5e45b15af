package service

import (
	"net/netip"
	"time"
)

// Bundled is the name of the units of the bundled server.
const Bundled = "tcptune-server"

// Spec is a service as the operator wants it. It is data, and is remembered as JSON.
type Spec struct {
	Name   string   `json:"name"`   // of the units, without suffix
	Listen []string `json:"listen"` // "8080" for all addresses, "[::1]:8080", "/run/x.sock", "udp:8080"
	// Together are those of Listen that NAME.socket has; empty for the first one. The others have a unit each, see Settled.
	Together []string `json:"together,omitempty"`
	// Apart: all of Listen have a unit each, and there is no NAME.socket.
	Apart bool     `json:"apart,omitempty"`
	Exec  []string `json:"exec,omitempty"` // a user's own program, and its arguments; empty for the bundled server

	// IPv6Only: [::] does not take connections over IPv4.
	IPv6Only bool `json:"ipv6_only,omitempty"`
	// Interface is the only one that the sockets take connections from; "": all.
	Interface string `json:"interface,omitempty"`

	// Declared: an apply has brought it, for tcptune.yaml, and a revert takes it back.
	Declared bool `json:"declared,omitempty"`
	// Derived: nobody gave the name, it is that of the program. Two services can have one program.
	Derived bool `json:"-"`

	// Backlog is the length of the listen queue. The kernel caps it at net.core.somaxconn.
	Backlog int `json:"backlog"`
	// Drain is how long connections may go on after the service was told to stop.
	Drain time.Duration `json:"drain"`
	// Files is how many descriptors a process may have open: fs.nr_open of the host. 0 is the kernel's own default of it,
	// for a host that cannot be asked.
	Files int `json:"files,omitempty"`
	// Memory is the value of MemoryMax=, see [Spec.MemoryMax]; "" for none.
	Memory string `json:"memory,omitempty"`

	// Of the bundled server:

	Program   string           `json:"program,omitempty"`   // absolute path of tcptune-server
	Protocol  string           `json:"protocol,omitempty"`  // "echo", "line", "frame", "discard", "http", "relay"
	Limits    []Limit          `json:"limits,omitempty"`    // written to /etc/tcptune/NAME.yaml, for a reload too
	Admin     netip.AddrPort   `json:"admin"`               // loopback address of metrics and health
	Upstreams []netip.AddrPort `json:"upstreams,omitempty"` // of relay
	TLSCert   string           `json:"tls_cert,omitempty"`  // files that systemd hands over as the credentials tls.crt and
	TLSKey    string           `json:"tls_key,omitempty"`   // tls.key

	// TLSClientCA is handed over as tls-client-ca.crt: only clients with a certificate of one of its authorities are served.
	TLSClientCA string `json:"tls_client_ca,omitempty"`
	// UpstreamCA: relay speaks TLS to upstreams whose certificates are of an authority in this file, or of one that the
	// host trusts where it is "system"; and for UpstreamName, "" for their addresses.
	UpstreamCA   string `json:"upstream_ca,omitempty"`
	UpstreamName string `json:"upstream_name,omitempty"`
	UpstreamCert string `json:"upstream_cert,omitempty"` // that it shows them
	UpstreamKey  string `json:"upstream_key,omitempty"`

	// Of a user's own program, which gets no more than it asks for:

	Network  bool   `json:"network,omitempty"`   // may open connections of its own
	StateDir bool   `json:"state_dir,omitempty"` // has /var/lib/NAME to write to
	User     string `json:"user,omitempty"`      // runs as this user; "": as one that systemd makes up (DynamicUser=)
	Type     string `json:"type,omitempty"`      // "notify": it says when it is ready, sd_notify(3); "notify-reload"; "": it does not
	Overlap  bool   `json:"overlap,omitempty"`   // two of it may serve from the same socket, which does not block
	// Properties are lines for its unit, "MemoryMax=1G".
	Properties []string `json:"properties,omitempty"`
}

// Limit is a line of the file of limits: the name of a flag of tcptune-server without dashes, and its value.
type Limit struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Unit is a file of systemd.
type Unit struct {
	Name string // "tcptune-server.socket"
	Text string
}
