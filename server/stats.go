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
	stalls       atomic.Uint64
	latency      histogram
}

// Stats is what a server has done since [New], and what it is doing. What is unsigned never becomes less.
type Stats struct {
	Draining     bool              // as [Server.Draining]
	Active       int               // connections that are served
	Queued       int               // connections that wait for one of those to end
	MaxConns     int               // as in [Limits]
	Accepted     uint64            // connections: refused, ended, active or queued
	AcceptErrors uint64            // accept(2) failed: no descriptor, no memory
	Delayed      uint64            // pauses for AcceptRate between two accepts, whether or not a client waited
	Refused      map[Reason]uint64 // connections, by every one of [Refusals]
	Ended        map[Reason]uint64 // connections, by every one of [Endings]
	BytesIn      uint64            // received from clients; over TLS without what that adds
	BytesOut     uint64            // sent to clients, likewise
	Messages     uint64            // as handlers count them, see [Step] and [Progress]
	// Latency is the time from the arrival of bytes to the sending of their answer, of one in 16 of them on each
	// connection, and what streams say of theirs.
	Latency Histogram
	// OutputBytes is the memory in bytes of answers that clients have not taken yet, at most MaxOutput. What waits for its
	// share of that is not in it.
	OutputBytes int64
	OutputWaits uint64 // how often a connection waited for MaxOutput
	InputBytes  int64  // the memory in bytes of messages that have not arrived whole, at most MaxInput
	Stalls      uint64 // calls of a [MessageHandler] that held up the loop of many connections for more than 20 ms
}

// Stats adds up all connections, which takes some nanoseconds for each. It may be called at any time, also in the end.
func (s *Server) Stats() Stats {
	sum := s.conns.traffic()
	for _, l := range s.loopSet.each() {
		sum.bytesIn += l.sum.bytesIn.Load()
		sum.bytesOut += l.sum.bytesOut.Load()
		sum.messages += l.sum.messages.Load()
	}
	st := Stats{
		Draining: s.draining.Load(), MaxConns: s.settings.Load().Limits.MaxConns,
		Accepted: s.count.accepted.Load(), AcceptErrors: s.count.acceptErrors.Load(), Delayed: s.count.delayed.Load(),
		BytesIn: sum.bytesIn, BytesOut: sum.bytesOut, Messages: sum.messages,
		Latency: s.count.latency.snapshot(), OutputBytes: s.output.used.Load(), OutputWaits: s.output.waits.Load(),
		InputBytes: s.input.held(), Stalls: s.count.stalls.Load(),
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

// ConnInfo is one connection that is served.
type ConnInfo struct {
	Remote            string        // address and port of the client
	Age               time.Duration // since it is served
	State             string        // "waiting", "reading", "writing", "handshake", "streaming", "held" (for MaxOutput)
	InState           time.Duration // as far as it was seen: up to a second less than it is
	BytesIn, BytesOut uint64        // as in [Stats]
	Messages          uint64        // as in [Stats]
}

// ByAge has [Server.Conns] list the oldest first.
func ByAge(a, b ConnInfo) int { return cmp.Compare(b.Age, a.Age) }

// ByBytes has [Server.Conns] list those first that have moved the most bytes, both ways.
func ByBytes(a, b ConnInfo) int { return cmp.Compare(b.BytesIn+b.BytesOut, a.BytesIn+a.BytesOut) }

// Conns lists the connections that are served, at most so many, in the order of a comparison as [slices.SortFunc] takes
// it. It is not given Remote. All connections are looked at, however few are listed.
func (s *Server) Conns(most int, order func(a, b ConnInfo) int) []ConnInfo {
	var all []listed
	now := time.Now() // the same for all, or their ages would not compare
	for _, l := range s.loopSet.each() {
		all = append(all, l.listed(int64(now.Sub(s.start)))...)
	}
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

type listed struct {
	ConnInfo
	remote net.Addr
}

// info is called while the connection's shard is locked.
func (c *conn) info(now time.Time) ConnInfo {
	v := c.phase.Load()
	i := ConnInfo{
		Age: max(now.Sub(c.opened), 0), State: phaseOf(v).String(),
		BytesIn: c.bytesIn.Load(), BytesOut: c.bytesOut.Load(), Messages: c.messages.Load(),
	}
	if v == c.seen {
		i.InState = max(i.Age-c.seenAt, 0)
	}
	return i
}
