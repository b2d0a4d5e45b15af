package diagnose

import (
	"fmt"
	"slices"
	"strings"
)

// Filter narrows what is looked at. The zero value is everything.
type Filter struct {
	Port    uint16               // of a listener, or of the other side of what goes out; 0: all
	Pid     int                  // a process; 0: all
	Unit    string               // "nginx.service"; "": all
	InGroup func(id uint64) bool // control groups of Unit
	Ports   map[uint16]bool      // on which Pid, or Unit, listens: what comes in there is theirs, too

	inodes map[uint64]bool // sockets of Pid at this look
}

// Narrow reports whether f leaves anything out: then nothing is said about the whole host.
func (f Filter) Narrow() bool { return f.Name() != "" }

// Name is what is looked at, "" for everything.
func (f Filter) Name() string {
	var parts []string
	if f.Port != 0 {
		parts = append(parts, fmt.Sprintf("port %d", f.Port))
	}
	if f.Unit != "" {
		parts = append(parts, "unit "+f.Unit)
	}
	if f.Pid != 0 {
		parts = append(parts, fmt.Sprintf("process %d", f.Pid))
	}
	return strings.Join(parts, ", ")
}

// takes reports whether a socket of group g is looked at.
func (f Filter) takes(g groupKey, cgroup, inode uint64) bool {
	switch {
	case f.Port != 0 && f.Port != g.port:
		return false
	case f.Pid == 0 && f.Unit == "":
		return true
	case f.Pid != 0: // a connection that nobody has accepted yet has no inode
		return f.inodes[inode] || inode == 0 && !g.out && f.Ports[g.port]
	}
	return f.InGroup(cgroup) || !g.out && f.Ports[g.port]
}

// concerns reports whether an owner is looked at.
func (f Filter) concerns(o Owner) bool {
	return (f.Port == 0 || f.Port == o.Port) && (f.Pid == 0 || f.Pid == o.Pid) && (f.Unit == "" || slices.Contains(o.Units, f.Unit))
}
