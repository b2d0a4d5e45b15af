package service

import (
	"fmt"
	"strconv"
)

// What tcptune-server has where nothing else is wanted, as in its --help.
const (
	defaultConns  = 100_000
	defaultQueue  = 1024
	defaultBudget = 256 << 20 // of answers, and as much of unfinished messages
)

const (
	perConn     = 24 << 10  // of a connection that waits: stacks, TLS, tables of the kernel
	baseMemory  = 256 << 20 // of the program itself
	memoryShare = 90        // percent of the machine that are a wall at least: beyond that its neighbours have nothing
	memoryTexts = `^[1-9][0-9]{0,8}(M|%)$`
)

// Observed is what the kernel of a host allows sockets, and how much memory there is, in bytes. 0 is not known.
type Observed struct {
	Receive, Send uint64 // the buffers of one socket at most: the last values of tcp_rmem and tcp_wmem
	Sockets       uint64 // of all sockets: the last value of tcp_mem
	Machine       uint64
}

// MemoryMax is what MemoryMax= says of a bundled server, systemd.resource-control(5): a wall that none of its limits
// reaches. Control groups charge the buffers of sockets as well, Documentation/admin-guide/cgroup-v2.rst. All of it is
// doubled: the kernel counts whole pages, and Go collects its garbage when it has as much again. It is a power of two,
// so that small changes of limits are no change of the unit, or a share of the machine where that is less or nobody
// can be asked.
func (s Spec) MemoryMax(at Observed) string {
	if !s.bundled() {
		return ""
	}
	share := fmt.Sprintf("%d%%", memoryShare)
	if at.Receive == 0 || at.Send == 0 || at.Machine == 0 {
		return share
	}
	conns := s.limit("max-conns", defaultConns) + s.limit("queue", defaultQueue)
	sockets := conns * float64(at.Receive+at.Send)
	if at.Sockets > 0 {
		sockets = min(sockets, float64(at.Sockets))
	}
	budgets := 2*s.limit("max-output", defaultBudget) + s.limit("max-input", defaultBudget)
	need := 2 * (sockets + conns*perConn + budgets + baseMemory)
	wall := float64(1 << 30)
	for wall < need {
		wall *= 2
	}
	if wall > float64(at.Machine)*memoryShare/100 {
		return share
	}
	return fmt.Sprintf("%dM", uint64(wall)>>20)
}

// limit is the value of a limit that is a number of things or bytes.
func (s Spec) limit(name string, otherwise float64) float64 {
	for _, l := range s.Limits {
		if n, err := strconv.ParseFloat(l.Value, 64); l.Name == name && err == nil {
			return n
		}
	}
	return otherwise
}
