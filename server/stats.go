package server

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"
)

// counters are what a server counts beside its connections.
type counters struct {
	accepted     atomic.Uint64
	acceptErrors atomic.Uint64
	delayed      atomic.Uint64 // accepts that waited for AcceptRate
	ended        [reasons]atomic.Uint64
	// Of connections that have ended; the others are added up when somebody asks.
	bytesIn, bytesOut, messages atomic.Uint64
	latency                     histogram
}

// Stats is what a server has done, and what it is doing.
type Stats struct {
	Draining     bool
	Active       int // connections that are served
	Queued       int // connections that wait for one of those to end
	MaxConns     int
	Accepted     uint64
	AcceptErrors uint64            // accept(2) failed: no descriptor, no memory
	Delayed      uint64            // accepts that waited for AcceptRate
	Refused      map[Reason]uint64 // every one of [Refusals]
	Ended        map[Reason]uint64 // every one of [Endings]
	BytesIn      uint64
	BytesOut     uint64
	Messages     uint64
	// Latency is the time from the arrival of bytes to the sending of their answer, of one in 16 of them on each
	// connection.
	Latency     Histogram
	OutputBytes int64  // answers that clients have not taken yet
	OutputWaits uint64 // how often a connection waited for MaxOutput
}

// Stats looks at all connections, which takes some nanoseconds for each.
func (s *Server) Stats() Stats {
	st := Stats{
		Draining: s.draining.Load(), MaxConns: s.settings.Load().limits.MaxConns,
		Accepted: s.count.accepted.Load(), AcceptErrors: s.count.acceptErrors.Load(), Delayed: s.count.delayed.Load(),
		BytesIn: s.count.bytesIn.Load(), BytesOut: s.count.bytesOut.Load(), Messages: s.count.messages.Load(),
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
	for c := range s.conns.all() {
		st.BytesIn += c.bytesIn.Load()
		st.BytesOut += c.bytesOut.Load()
		st.Messages += c.messages.Load()
	}
	return st
}

// ConnInfo is one connection.
type ConnInfo struct {
	Remote            string
	Age               time.Duration
	State             string // "waiting", "reading", "writing", "handshake", "streaming"
	InState           time.Duration
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
	var list []ConnInfo
	now := time.Now()
	for c := range s.conns.all() {
		phase, since := c.state()
		list = append(list, ConnInfo{
			Remote: c.RemoteAddr().String(), Age: now.Sub(c.opened), State: phase.String(), InState: max(0, s.clock.sinceStart(now)-since),
			BytesIn: c.bytesIn.Load(), BytesOut: c.bytesOut.Load(), Messages: c.messages.Load(),
		})
	}
	slices.SortFunc(list, order)
	return list[:min(most, len(list))]
}
