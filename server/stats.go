package server

import (
	"cmp"
	"net"
	"slices"
	"sync/atomic"
	"time"
)

// counters are what a server counts beside its connections.
type counters struct {
	accepted     atomic.Uint64
	acceptErrors atomic.Uint64
	delayed      atomic.Uint64 // pauses for AcceptRate
	ended        [reasons]atomic.Uint64
	latency      histogram
}

// Stats is what a server has done, and what it is doing.
type Stats struct {
	Draining     bool
	Active       int // connections that are served
	Queued       int // connections that wait for one of those to end
	MaxConns     int
	Accepted     uint64
	AcceptErrors uint64            // accept(2) failed: no descriptor, no memory
	Delayed      uint64            // pauses for AcceptRate between two accepts, whether or not a client waited
	Refused      map[Reason]uint64 // every one of [Refusals]
	Ended        map[Reason]uint64 // every one of [Endings]
	BytesIn      uint64
	BytesOut     uint64
	Messages     uint64
	// Latency is the time from the arrival of bytes to the sending of their answer, of one in 16 of them on each
	// connection.
	Latency     Histogram
	OutputBytes int64  // memory of answers that clients have not taken yet, at most MaxOutput; those that wait for it beside
	OutputWaits uint64 // how often a connection waited for MaxOutput
}

// Stats looks at all connections, which takes some nanoseconds for each.
func (s *Server) Stats() Stats {
	sum := s.conns.traffic()
	st := Stats{
		Draining: s.draining.Load(), MaxConns: s.settings.Load().Limits.MaxConns,
		Accepted: s.count.accepted.Load(), AcceptErrors: s.count.acceptErrors.Load(), Delayed: s.count.delayed.Load(),
		BytesIn: sum.bytesIn, BytesOut: sum.bytesOut, Messages: sum.messages,
		Latency: s.count.latency.snapshot(), OutputBytes: s.output.used.Load(), OutputWaits: s.output.waits.Load(),
		Refused: map[Reason]uint64{}, Ended: map[Reason]uint64{},
	}
	st.Active, st.Queued = s.slots.counts()
	for _, r := range Refusals() {
		st.Refused[r] = s.count.ended[r].Load()
	}
	for _, r := range Endings() {
		st.Ended[r] = s.count.ended[r].Load()
	}
	return st
}

// ConnInfo is one connection.
type ConnInfo struct {
	Remote            string
	Age               time.Duration
	State             string        // "waiting", "reading", "writing", "handshake", "streaming", "held"
	InState           time.Duration // as far as it was seen: up to a second less than it is
	BytesIn, BytesOut uint64
	Messages          uint64
}

// Order is how connections are listed.
type Order func(a, b ConnInfo) int

// ByAge lists the oldest first.
func ByAge(a, b ConnInfo) int { return cmp.Compare(b.Age, a.Age) }

// ByBytes lists those first that have moved the most bytes, both ways.
func ByBytes(a, b ConnInfo) int { return cmp.Compare(b.BytesIn+b.BytesOut, a.BytesIn+a.BytesOut) }

// Conns lists connections, at most so many.
func (s *Server) Conns(most int, order Order) []ConnInfo {
	type listed struct {
		ConnInfo
		remote net.Addr
	}
	var all []listed
	now := time.Now()
	for c := range s.conns.all() {
		all = append(all, listed{c.info(now), c.RemoteAddr()})
	}
	slices.SortFunc(all, func(a, b listed) int { return order(a.ConnInfo, b.ConnInfo) })
	all = all[:min(max(most, 0), len(all))]
	list := make([]ConnInfo, len(all))
	for i, one := range all { // not before: a text for each of a million connections takes long
		list[i] = one.ConnInfo
		list[i].Remote = one.remote.String()
	}
	return list
}

// info is called while the connection's shard is locked.
func (c *conn) info(now time.Time) ConnInfo {
	v := c.phase.Load()
	i := ConnInfo{
		Age: now.Sub(c.opened), State: phaseOf(v).String(),
		BytesIn: c.bytesIn.Load(), BytesOut: c.bytesOut.Load(), Messages: c.messages.Load(),
	}
	if v == c.seen {
		i.InState = i.Age - c.seenAt
	}
	return i
}
