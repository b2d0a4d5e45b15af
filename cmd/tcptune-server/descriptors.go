package main

import (
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/server"
)

// spareDescriptors are those that are not connections of clients: listeners, the log, and what the admin socket accepts.
const (
	spareDescriptors  = 64
	descriptorsOfLoop = 2
)

// possibleLimits are the limits that are wanted, lowered to what the limit of open files lets in. Go has raised the
// soft limit to the hard one before main.
func (s *service) possibleLimits() (limits, error) {
	wanted, err := s.readLimits()
	var r unix.Rlimit
	if err != nil || unix.Getrlimit(unix.RLIMIT_NOFILE, &r) != nil {
		return wanted, err
	}
	if s.wantsLoops() {
		r.Cur -= min(r.Cur, uint64(descriptorsOfLoop*runtime.NumCPU()))
	}
	possible := wanted.within(r.Cur, len(s.upstreams))
	if possible.MaxConns < wanted.MaxConns || possible.Queue < wanted.Queue {
		s.log.Warn("the limit of open files lets in fewer connections than max-conns and queue", "open-files", r.Cur,
			"max-conns", possible.MaxConns, "queue", possible.Queue)
	}
	return possible, nil
}

// within lowers the limits to what so many descriptors are enough for. At the limit of descriptors nobody could ask the
// admin socket what is going on. Those who wait and those who are being refused get an eighth each, if they need it.
func (l limits) within(files uint64, upstreams int) limits {
	room := int(min(files, 1<<30)) - spareDescriptors - upstreams*l.pool.Max
	l.linger = min(server.DefaultLinger, max(room/8, 1))
	l.Queue = min(l.Queue, max(room/8, room-l.linger-l.MaxConns, 0))
	l.MaxConns = min(l.MaxConns, max(room-l.linger-l.Queue, 1))
	if l.halfConns {
		l.ClientConns = (l.MaxConns + 1) / 2
	}
	return l
}
