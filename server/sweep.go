package server

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The pace of the sweeper, which keeps the deadlines.
const (
	fastestSweep = 10 * time.Millisecond
	slowestSweep = time.Second
)

// sweep ends the connections whose time is over. One goroutine looks at all of them, so that a message costs no timer.
func (s *Server) sweep() {
	for {
		select {
		case <-s.served:
			return
		case <-s.reloaded: // another pace
			continue
		case <-time.After(s.settings.Load().Limits.pace()):
		}
		limits := s.settings.Load().Limits
		for c := range s.conns.all() {
			if why := limits.expired(c, time.Now()); why != notEnded {
				c.cut(why)
			}
		}
	}
}

// pace is how often deadlines are looked at.
func (l Limits) pace() time.Duration {
	if shortest := l.shortest(); shortest > 0 {
		return min(max(shortest/8, fastestSweep), slowestSweep)
	}
	return slowestSweep
}

// expired says which deadline has passed, if any. The time in a phase counts from when the sweeper first saw the
// connection there, so that it is never longer than it was: also where the sweeper comes by late, nobody is cut early.
func (l Limits) expired(c *conn, now time.Time) Reason {
	v, age := c.phase.Load(), now.Sub(c.opened)
	if v != c.seen {
		c.seen, c.seenAt, c.taken = v, age, taken{}
	}
	why := l.overdue(phaseOf(v), age, age-c.seenAt)
	if why == notEnded && phaseOf(v) == writing && l.boundsWriting() {
		why = l.tooSlow(&c.taken, &c.seenAt, c.acknowledged(), age)
	}
	return why
}

// overdue says which deadline a connection of this age has passed that spent so long in its phase. What it writes is a
// matter of tooSlow.
func (l Limits) overdue(p phase, age, spent time.Duration) Reason {
	over := func(limit time.Duration) bool { return limit > 0 && spent >= limit }
	switch {
	case l.TotalTimeout > 0 && age >= l.TotalTimeout:
		return Total
	case p == waiting && over(l.IdleTimeout):
		return Idle
	case (p == reading || p == handshake) && over(l.ReadTimeout):
		return SlowRead
	}
	return notEnded
}

// taken is what the sweeper knows of a client that is being sent an answer.
type taken struct {
	known bool
	bytes uint64        // when it was seen last
	from  uint64        // at the beginning of the time in which MinRate is measured
	since time.Duration // and that time, after the connection was opened
}

// rateTime is how long a client may be slower than MinRate at least, where there is no WriteTimeout.
const rateTime = 30 * time.Second

func (l Limits) boundsWriting() bool { return l.WriteTimeout > 0 || l.MinRate > 0 }

// tooSlow looks at how far a client is that has taken so many bytes. The time runs from the last byte that it took, which
// was at since: one that takes its answer slowly, but takes it, is none that hangs.
func (l Limits) tooSlow(t *taken, since *time.Duration, bytes uint64, age time.Duration) Reason {
	if !t.known {
		*t = taken{true, bytes, bytes, age}
		return notEnded
	}
	if bytes != t.bytes {
		t.bytes, *since = bytes, age
	}
	if l.WriteTimeout > 0 && age-*since >= l.WriteTimeout {
		return SlowWrite
	}
	if window := age - t.since; l.MinRate > 0 && window >= max(l.WriteTimeout, rateTime) {
		if float64(bytes-t.from) < l.MinRate*window.Seconds() {
			return SlowRate
		}
		t.from, t.since = bytes, age
	}
	return notEnded
}

// acknowledged is how many bytes the other side has taken so far, tcp_info of tcp(7). Of a socket that is not TCP it is
// what its own buffer has taken, which goes on only while the other side takes something.
func (c *conn) acknowledged() uint64 {
	s, ok := c.socket.(syscall.Conn)
	if !ok {
		return c.bytesOut.Load()
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return c.bytesOut.Load()
	}
	bytes := c.bytesOut.Load()
	_ = raw.Control(func(fd uintptr) { bytes = acknowledged(int(fd), bytes) })
	return bytes
}

func acknowledged(fd int, sent uint64) uint64 {
	if info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
		return info.Bytes_acked
	}
	return sent
}
