package server

import "time"

// The pace of the sweeper, which keeps the clock and the deadlines.
const (
	fastestSweep = 10 * time.Millisecond
	slowestSweep = time.Second
)

// sweep ends the connections whose time is over. One goroutine looks at all of them, so that a message costs no timer.
func (s *Server) sweep() {
	for {
		limits := s.settings.Load().limits
		pace := min(max(limits.shortest()/8, fastestSweep), slowestSweep)
		if limits.shortest() == 0 {
			pace = slowestSweep
		}
		select {
		case <-s.over:
			return
		case <-s.reloaded: // another pace
			s.clock.tick()
			continue
		case <-time.After(pace):
		}
		now := s.clock.tick()
		for c := range s.conns.all() {
			if why := limits.expired(c, now, pace); why != notEnded {
				c.cut(why)
			}
		}
	}
}

// expired says which deadline has passed, if any. Since the clock by which connections note the time may be late, none is
// ended before its time is over.
func (l Limits) expired(c *conn, now, pace time.Duration) Reason {
	p, since := c.state()
	over := func(limit time.Duration) bool { return limit > 0 && now-since >= limit+pace }
	switch {
	case l.TotalTimeout > 0 && time.Since(c.opened) >= l.TotalTimeout:
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
