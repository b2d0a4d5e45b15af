package server

import "time"

// The pace of the sweeper, which keeps the deadlines.
const (
	fastestSweep = 10 * time.Millisecond
	slowestSweep = time.Second
)

// sweep ends the connections whose time is over. One goroutine looks at all of them, so that a message costs no timer.
func (s *Server) sweep() {
	for {
		pace := slowestSweep
		if shortest := s.settings.Load().Limits.shortest(); shortest > 0 {
			pace = min(max(shortest/8, fastestSweep), slowestSweep)
		}
		select {
		case <-s.served:
			return
		case <-s.reloaded: // another pace
			continue
		case <-time.After(pace):
		}
		limits := s.settings.Load().Limits
		for c := range s.conns.all() {
			if why := limits.expired(c, time.Now()); why != notEnded {
				c.cut(why)
			}
		}
	}
}

// expired says which deadline has passed, if any. The time in a phase counts from when the sweeper first saw the
// connection there, so that it is never longer than it was: also where the sweeper comes by late, nobody is cut early.
func (l Limits) expired(c *conn, now time.Time) Reason {
	v, age := c.phase.Load(), now.Sub(c.opened)
	if v != c.seen {
		c.seen, c.seenAt = v, age
	}
	over := func(limit time.Duration) bool { return limit > 0 && age-c.seenAt >= limit }
	switch p := phaseOf(v); {
	case l.TotalTimeout > 0 && age >= l.TotalTimeout:
		return Total
	case p == waiting && over(l.IdleTimeout):
		return Idle
	case (p == reading || p == handshake) && over(l.ReadTimeout):
		return SlowRead
	case p == writing && over(l.WriteTimeout):
		return SlowWrite
	}
	return notEnded
}
