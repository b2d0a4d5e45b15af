package pool

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
)

// Run looks after the connections until ctx ends or the pool is closed: each CheckInterval it closes those that are
// broken, or have become too old, and makes new ones until MinIdle are idle. Without it the pool works as well, and
// keeps what nobody asks for.
func (p *Pool) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, u := range p.upstreams {
		all.Go(func() { u.maintain(ctx, p.done) })
	}
	all.Wait()
}

func (u *upstream) maintain(ctx context.Context, done <-chan struct{}) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	tick := time.NewTicker(u.config.CheckInterval)
	defer tick.Stop()
	for {
		u.sweep()
		u.refill(ctx)
		select {
		case <-ctx.Done():
			return
		case <-done:
			return
		case <-tick.C:
		}
	}
}

// sweep closes what is idle and may not be used again. It asks the kernel about each under the lock: about a
// microsecond.
func (u *upstream) sweep() {
	now := time.Now()
	u.mu.Lock()
	defer u.mu.Unlock()
	before := len(u.idle)
	u.idle = slices.DeleteFunc(u.idle, func(c *Conn) bool {
		why := u.unfit(c, now)
		if why == nil {
			return false
		}
		c.retire(why)
		return true
	})
	u.open -= before - len(u.idle)
}

// refill makes connections until enough are idle. One that cannot be made counts as a failure of the upstream. One that
// can does not count: an upstream may accept and never answer.
func (u *upstream) refill(ctx context.Context) {
	for ctx.Err() == nil && u.breaker.State() == gobreaker.StateClosed {
		c := u.reserve()
		if c == nil {
			return
		}
		err := u.connect(ctx, c)
		u.release(c, err == nil)
		if err != nil {
			_, _ = u.breaker.Execute(func() (struct{}, error) { return struct{}{}, err })
			return
		}
	}
}

// reserve takes a place for an idle connection that is missing, or returns nil.
func (u *upstream) reserve() *Conn {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed || len(u.idle) >= u.config.MinIdle || u.open >= u.config.Max {
		return nil
	}
	u.open++
	return new(Conn)
}
