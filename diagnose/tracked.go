package diagnose

import (
	"net/netip"

	"github.com/tcptune/tcptune/internal/sockdiag"
)

// tracked is a connection from its first look to its last. There may be very many of them.
type tracked struct {
	key         groupKey
	remote      netip.Addr
	first, last figures
	number      int32 // of the last look
	looks       int32

	leastSendWindow, mostSendWindow uint32 // what the other side lets us send
	receiveWindow                   uint32 // what we let it send, at most
	minRTT, rtt                     uint32 // microseconds, at the last look; minRTT is 0 where none was measured
	mss                             uint32
	sendMayHold, mayHold            uint32

	unread, wantedMore, atWindow, queued, inflated int32 // at so many looks
	stuck, partly, alive                           int32
	congestion                                     string
}

// figures only grow.
type figures struct {
	acked, received, busy, rwnd, sndbuf uint64
	retransmits, segments               uint32
}

func figuresOf(s *sockdiag.TCP) figures {
	return figures{s.Acked, s.Received, s.Busy, s.RwndLimited, s.SndbufLimited, s.Retransmits, s.Segments}
}

// look notes how the connection stands at a look.
func (t *tracked) look(s *sockdiag.TCP, number int) {
	if t.number == int32(number) {
		return // told twice
	}
	if t.looks == 0 {
		t.leastSendWindow = s.SendWindow
		t.remote = s.Remote.Addr()
	}
	t.number, t.last = int32(number), figuresOf(s)
	t.looks++
	t.leastSendWindow, t.mostSendWindow = min(t.leastSendWindow, s.SendWindow), max(t.mostSendWindow, s.SendWindow)
	t.receiveWindow = max(t.receiveWindow, s.ReceiveWindow)
	t.minRTT, t.rtt, t.mss = s.MinRTT, s.RTT, s.SendMSS
	t.sendMayHold, t.mayHold = s.SendMayHold, s.MayHold
	count(&t.unread, liesUnread(s))
	count(&t.wantedMore, s.Unsent > 0 || s.Unacked > 0 && s.Unacked >= s.Cwnd)
	// What is under way fills the window of the other side, and not what congestion control allows.
	count(&t.atWindow, s.Unsent > 0 && s.Unacked < s.Cwnd && 4*(s.Unacked+2)*s.SendMSS >= 3*s.SendWindow)
	count(&t.queued, s.MinRTT > 0 && 4*s.RTT >= 5*s.MinRTT+4*queuedBy)
	count(&t.inflated, inflated(s.RTT, s.MinRTT))
	stuck := s.Backoff >= 2 && s.Unacked > 0
	count(&t.stuck, stuck)
	count(&t.partly, stuck && s.Sacked > 0)
	// Something came after the last try, and did not acknowledge it: the path is there for what is small.
	count(&t.alive, stuck && s.LastAck < s.LastSent)
}

// neverFull reports whether no segment of full size was acknowledged since the connection began.
func (t *tracked) neverFull() bool { return t.last.acked < uint64(t.mss) }

// liesUnread reports whether the program is behind: a third of what the window still lets in has arrived and waits. Before
// Linux 6.2 the window is not told; then it is a quarter of the memory that the socket may hold.
func liesUnread(s *sockdiag.TCP) bool {
	if s.ReceiveWindow > 0 {
		return 3*uint64(s.Waiting) >= uint64(s.ReceiveWindow)
	}
	return s.Waiting > 0 && s.MayHold > 0 && 4*uint64(s.Held) >= uint64(s.MayHold)
}

func count(n *int32, yes bool) {
	if yes {
		*n++
	}
}

// lossBased reports whether a congestion control takes each loss for congestion. Of one that is not known nothing is said.
func lossBased(name string) bool {
	switch name {
	case "cubic", "reno", "bic", "htcp", "highspeed", "scalable", "westwood", "hybla", "illinois", "yeah":
		return true
	}
	return false
}

// queuedBy, in microseconds, and a quarter of the least round trip is what a queue adds that is there at all.
const queuedBy = 2000

// inflatedBy, in microseconds, is what a queue adds at least to be called too long: acknowledgements may be delayed by
// 40 ms, and busy processors add some.
const inflatedBy = 50_000

// inflated reports whether a round trip takes far longer than the path by itself, where that is known.
func inflated(rtt, least uint32) bool { return least > 0 && rtt >= 3*least && rtt >= least+inflatedBy }
