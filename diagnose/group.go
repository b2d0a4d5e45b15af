package diagnose

import (
	"math"
	"net/netip"
	"time"
)

// A group is the connections of a service: where the time went that they had for sending.
type group struct {
	connections, active, receiving, idle int

	total float64 // microseconds of all that sent something
	spent [causes]float64
	worst [causes]sample // the connection that each cause took most from

	stuck          int // connections that get nothing through
	partly, holed  int // of these that get small packets through: it seems so, and it was seen
	networks       map[netip.Prefix]float64
	acked          float64 // bytes
	receivedFor    float64 // microseconds of those that receive
	segments, lost float64
	spreads        *spreads // of all services
}

// cause is what a connection waits for.
type cause int

const (
	byProgram   cause = iota // there was nothing to send
	byWindow                 // the receiver announces no larger window
	byPeer                   // the program on the other side reads slowly
	byBuffer                 // the send buffer has no room for more
	byLoss                   // a lost segment is taken for congestion
	byQueue                  // what was sent stands in a queue
	byBlackHole              // large segments never arrive
	byPath                   // nothing but the network
	byReader                 // our own program leaves what came unread; of the time of those that receive
	byOwnWindow              // our own window holds the other side back; of the time of those that receive
	causes
)

// sample is a connection that shows a cause.
type sample struct {
	time, minRTT, rtt, rate, window, buffer, loss, mss float64 // microseconds, bytes in a second, bytes, a share
	remote                                             netip.Addr
	congestion                                         string
}

// half of the looks and more.
func mostly(n, looks int32) bool { return 2*n >= looks && n > 0 }

// add takes the connection into the sums of its service.
func (g *group) add(t *tracked, lasted time.Duration) {
	g.connections++
	whole := float64(lasted.Microseconds())
	grown := func(first, last uint64) float64 { return float64(last - min(first, last)) }
	acked, received := grown(t.first.acked, t.last.acked), grown(t.first.received, t.last.received)
	busy := min(grown(t.first.busy, t.last.busy), whole)
	segments, lost := float64(t.last.segments-t.first.segments), float64(t.last.retransmits-t.first.retransmits)
	s := sample{
		minRTT: float64(t.minRTT), rtt: float64(t.rtt), rate: acked / lasted.Seconds(), window: float64(t.mostSendWindow),
		buffer: float64(t.sendMayHold), remote: t.remote, mss: float64(t.mss), congestion: t.congestion,
	}
	if lost < fewSegments && lost > 0 { // too few for a share: what was lost since it began
		segments, lost = float64(t.last.segments), float64(t.last.retransmits)
	}
	if segments > 0 {
		s.loss = lost / segments
	}
	if t.minRTT > 0 {
		g.spreads.rtt.add(float64(t.rtt))
		g.spreads.least.add(float64(t.minRTT))
	}
	stuck := t.stuck > 0 && acked == 0 // whatever it receives meanwhile
	switch {
	case busy == 0 && received == 0 && t.unread == 0:
		g.idle++
		return
	case received > acked && !stuck || busy == 0:
		g.spreads.received.add(received / lasted.Seconds())
		g.receive(t, whole, received/lasted.Seconds(), s)
		return
	}
	g.active++
	g.total += whole
	g.acked, g.segments, g.lost = g.acked+acked, g.segments+segments, g.lost+lost
	rwnd, sndbuf := grown(t.first.rwnd, t.last.rwnd), grown(t.first.sndbuf, t.last.sndbuf)
	rest := max(busy-rwnd-sndbuf, 0)
	// The kernel counts the moments in which a segment did not fit, which are few where each acknowledgement makes room.
	full := rest * float64(t.atWindow) / float64(t.looks)
	rwnd, rest = rwnd+full, rest-full
	sending := rest * float64(t.wantedMore) / float64(t.looks)
	if t.atWindow > 0 {
		sending = min(rest, busy*float64(t.wantedMore)/float64(t.looks))
	}
	g.spend(byProgram, whole-busy+rest-sending, s)
	g.spreads.sent.add(s.rate)
	g.spreads.window.add(rwnd / whole)
	g.spreads.buffer.add(sndbuf / whole)
	g.spreads.program.add((whole - busy + rest - sending) / whole)
	switch {
	case stuck:
		g.stuck++
		// A path that died altogether has acknowledged full segments before, and brings nothing any more.
		if t.partly > 0 && (t.alive > 0 || t.neverFull()) {
			g.partly++
		}
		if t.partly > 0 && t.alive > 0 && t.neverFull() {
			g.holed++
		}
		g.spend(byBlackHole, busy, s)
	case mostly(t.inflated, t.looks): // whatever else it waits for comes from there
		g.spend(byQueue, rwnd+sndbuf+sending, s)
	case mostly(t.queued, t.looks): // the path is full: more under way would only wait longer
		waited := t.windowOrReader(s)
		if waited == byWindow {
			waited = byPath
		}
		g.spend(waited, rwnd, s)
		g.spend(byPath, sndbuf+sending, s)
	default:
		g.spend(t.windowOrReader(s), rwnd, s)
		g.spend(byBuffer, sndbuf, s)
		if t.heldByLoss(s, lost) {
			g.spend(byLoss, sending, s)
		} else {
			g.spend(byPath, sending, s)
		}
	}
}

// heldByLoss reports whether the losses explain the rate: as much is under way in a round trip as a loss-based congestion
// control reaches with them (RFC 3649, and RFC 9438 for cubic).
func (t *tracked) heldByLoss(s sample, lost float64) bool {
	if !lossBased(t.congestion) || lost < fewSegments || s.loss <= 0 || s.mss <= 0 || s.minRTT <= 0 {
		return false
	}
	reached := max(1.22/math.Sqrt(s.loss), 1.054*math.Pow(s.minRTT/1e6/s.loss, 0.75))
	return s.loss >= fewLost && s.rate*s.minRTT/1e6/s.mss <= 1.7*reached
}

// Fewer losses than that may be one accident.
const fewLost, fewSegments = 0.001, 3

// windowOrReader tells why the window of the other side is full. What one holds that is too small for the path arrives in
// each round trip. A program that reads slowly lets it open bit by bit; the kernel has grown it to twice of what is read.
// Without a round trip that was measured neither can be told.
func (t *tracked) windowOrReader(s sample) cause {
	if s.minRTT <= 0 {
		return byPath
	}
	steady := 4*t.leastSendWindow >= 3*t.mostSendWindow
	filled := s.rate * s.minRTT / 1e6 / s.window
	if filled >= 0.7 || filled >= 0.35 && steady {
		return byWindow
	}
	return byPeer
}

// receive judges a connection that mostly receives: only what lies on this side can be told.
func (g *group) receive(t *tracked, whole, rate float64, s sample) {
	g.receiving++
	g.receivedFor += whole
	s.rate, s.window, s.buffer = rate, float64(t.receiveWindow), float64(t.mayHold)
	switch {
	case mostly(t.unread, t.looks):
		g.spend(byReader, whole, s)
	case 4*t.unread < t.looks && s.window > 0 && rate*s.minRTT/1e6 >= 0.7*s.window:
		g.spend(byOwnWindow, whole, s)
	}
}

// merge adds the connections of another control group of the same service.
func (g *group) merge(other *group) {
	g.connections, g.active = g.connections+other.connections, g.active+other.active
	g.receiving, g.idle = g.receiving+other.receiving, g.idle+other.idle
	g.total, g.acked, g.receivedFor = g.total+other.total, g.acked+other.acked, g.receivedFor+other.receivedFor
	g.segments, g.lost = g.segments+other.segments, g.lost+other.lost
	g.stuck, g.partly, g.holed = g.stuck+other.stuck, g.partly+other.partly, g.holed+other.holed
	for c := range causes {
		g.spent[c] += other.spent[c]
		if other.worst[c].time > g.worst[c].time {
			g.worst[c] = other.worst[c]
		}
	}
	for n, lost := range other.networks {
		g.networks[n] += lost
	}
}

func (g *group) spend(c cause, time float64, s sample) {
	if time <= 0 {
		return
	}
	g.spent[c] += time
	if time > g.worst[c].time {
		s.time = time
		g.worst[c] = s
	}
	if c != byProgram && c != byPath && s.remote.IsValid() {
		n := networkOf(s.remote)
		if _, known := g.networks[n]; known || len(g.networks) < mostNetworks {
			g.networks[n] += time
		}
	}
}

// networkOf is the network of the other side, as far as a summary tells them apart.
func networkOf(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 48
	}
	p, _ := a.Prefix(bits) // an address of that family has as many
	return p
}
