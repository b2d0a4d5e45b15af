package report

// Holder is what keeps a port from being free, for port: a socket, or sockets of one port that are alike and that no
// process has open.
type Holder struct {
	Target    string `json:"target"`              // "tcp/8080"
	Local     string `json:"local"`               // "[::]:8080"
	Remote    string `json:"remote,omitempty"`    // the peer, where there is one
	Family    string `json:"family"`              // "ipv4", "ipv6", "dual-stack": IPv6 that takes IPv4 as well
	State     string `json:"state"`               // as ss(8) names it: "LISTEN", "UNCONN", "TIME-WAIT"; "NAT" for a rule without a socket
	Namespace string `json:"namespace,omitempty"` // the network namespace, where it is not that of tcptune
	User      string `json:"user"`                // whose socket it is
	// Count is the number of sockets that this stands for, 1 but for those that no process has open.
	Count int `json:"count"`
	// Seconds until the last of them goes away by itself, for TIME-WAIT.
	Seconds int `json:"seconds,omitempty"`
	// Origin is the unit, or else the control group, in which the socket was made. It is known without root.
	Origin string `json:"origin,omitempty"`
	// Searched says where its processes were looked for: in "all" processes, only in the "cgroup" in which it was made, or
	// in those that are "visible" to this user.
	Searched  string          `json:"searched"`
	Processes []HolderProcess `json:"processes"`
	Reason    string          `json:"reason,omitempty"` // why there is no process, or not every one
}

// HolderProcess is a process that has the socket of a [Holder] open. What may not be read is empty.
type HolderProcess struct {
	Pid       int    `json:"pid"`
	Parent    int    `json:"parent"` // its pid
	Name      string `json:"name"`
	Command   string `json:"command"` // the full command line
	User      string `json:"user"`
	Started   string `json:"started"`             // RFC 3339, in seconds
	Stopped   bool   `json:"stopped,omitempty"`   // by job control
	Folder    string `json:"folder,omitempty"`    // its working directory
	Unit      string `json:"unit,omitempty"`      // "nginx.service", "session-3.scope"
	UserUnit  string `json:"user_unit,omitempty"` // the unit of the systemd of a user
	Container string `json:"container,omitempty"` // "docker/NAME" or "docker/ID"
	Fds       []int  `json:"fds"`                 // its descriptors that lead to the socket
}
