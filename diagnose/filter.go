package diagnose

// Filter narrows what is looked at. The zero value is everything.
type Filter struct {
	Port    uint16               // of a listener, or of the other side of what goes out; 0: all
	Inodes  map[uint64]bool      // sockets of a process; nil: all
	InGroup func(id uint64) bool // control groups of a unit; nil: all
	Ports   map[uint16]bool      // on which that process, or unit, listens: what comes in there is theirs, too
	Unit    string               // the unit of InGroup
	Pid     int                  // the process of Inodes
}

// Narrow reports whether f leaves anything out: then nothing is said about the whole host.
func (f Filter) Narrow() bool { return f.Port != 0 || f.Inodes != nil || f.InGroup != nil }

// takes reports whether a socket of group g is looked at.
func (f Filter) takes(g groupKey, cgroup, inode uint64) bool {
	if f.Port != 0 && f.Port != g.port {
		return false
	}
	return f.Inodes == nil && f.InGroup == nil || !g.out && f.Ports[g.port] || f.Inodes[inode] || f.InGroup != nil && f.InGroup(cgroup)
}

// concerns reports whether an owner is looked at.
func (f Filter) concerns(o Owner) bool {
	return (f.Port == 0 || f.Port == o.Port) && (f.Pid == 0 || f.Pid == o.Pid) && (f.Unit == "" || f.Unit == o.Unit)
}
