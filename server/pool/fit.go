package pool

import (
	"sync/atomic"
	"time"
)

// fit returns a connection that may be used again, or its place without it. So a bad connection costs a dial, and no
// search among the others.
func (u *upstream) fit(c *Conn) *Conn {
	if c == nil || c.conn == nil {
		return c
	}
	if why := u.unfit(c, time.Now()); why != nil {
		return c.retire(why)
	}
	return c
}

// unfit returns the counter of the reason why a connection that was kept may not be used again, or nil.
func (u *upstream) unfit(c *Conn, now time.Time) *atomic.Uint64 {
	switch {
	case now.Sub(c.rested) >= u.config.IdleTime:
		return &u.rested
	case now.Sub(c.born) >= u.config.LifeTime:
		return &u.aged
	case !c.quiet():
		return &u.broken
	}
	return nil
}

// retire closes the connection, counts it, and returns its place.
func (c *Conn) retire(why *atomic.Uint64) *Conn {
	why.Add(1)
	_ = c.conn.Close()
	return new(Conn)
}
