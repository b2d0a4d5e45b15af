package pool

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// upstream is one address with its places for connections. Each place is a Conn: in use, being connected, or idle.
//
// Its lock may be taken while the breaker's is held, never the other way round.
type upstream struct {
	address string
	config  *Config
	breaker *gobreaker.CircuitBreaker[struct{}]
	failing failing
	counters
	unreachedInARow atomic.Int64

	mu       sync.Mutex
	closed   bool
	refusing bool      // the breaker is open
	open     int       // places that are taken
	idle     []*Conn   // the last one was used last, and is the first to be used again: the others may become too old
	waiting  list.List // of chan grant, the first has waited longest; empty while anything is idle or free
}

// grant is what a request that waits is given: a place, or the reason why there is none. It is sent under the lock.
type grant struct {
	conn *Conn
	err  error
}

func newUpstream(address string, config *Config) *upstream {
	u := &upstream{address: address, config: config, failing: failing{since: config.Breaker.Window}}
	u.breaker = newBreaker(u)
	return u
}

func (u *upstream) load() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.open - len(u.idle) + u.waiting.Len()
}

// take gives a place, when there is none in the order of asking. last: also where the breaker is open.
// Its connection is fit to be used, or still to be made.
func (u *upstream) take(ctx context.Context, giveUp time.Time, last bool) (*Conn, error) {
	u.mu.Lock()
	if u.closed || u.refusing && !last {
		defer u.mu.Unlock()
		return nil, u.refusal()
	}
	if n := len(u.idle); n > 0 {
		c := u.idle[n-1]
		u.idle[n-1] = nil
		u.idle = u.idle[:n-1]
		u.mu.Unlock()
		return u.fit(c), nil
	}
	if u.open < u.config.Max {
		u.open++
		u.mu.Unlock()
		return new(Conn), nil
	}
	granted := make(chan grant, 1)
	turn := u.waiting.PushBack(granted)
	u.mu.Unlock()
	return u.wait(ctx, giveUp, turn, granted)
}

func (u *upstream) wait(ctx context.Context, giveUp time.Time, turn *list.Element, granted chan grant) (*Conn, error) {
	timer := time.NewTimer(time.Until(giveUp))
	defer timer.Stop()
	select {
	case g := <-granted:
		return u.fit(g.conn), g.err
	case <-ctx.Done():
	case <-timer.C:
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	select {
	case g := <-granted: // at the same instant
		if g.conn != nil {
			u.pass(g.conn)
		}
	default:
		u.waiting.Remove(turn)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("cannot get a connection to %s: %w", u.address, err)
	}
	u.timeouts.Add(1)
	return nil, fmt.Errorf("%w: %s has %d", ErrBusy, u.address, u.config.Max)
}

// release gives a place back. Its connection is kept if it is fine and young.
func (u *upstream) release(c *Conn, fine bool) {
	c.rested = time.Now()
	switch {
	case c.conn == nil:
	case !fine:
		c = c.retire(&u.broken)
	case c.rested.Sub(c.born) >= u.config.LifeTime:
		c = c.retire(&u.aged)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.pass(c)
}

// pass hands a place to the request that has waited longest. When none waits, it rests, or is free. The lock is held.
func (u *upstream) pass(c *Conn) {
	first := u.waiting.Front()
	switch {
	case first != nil:
		u.waiting.Remove(first).(chan grant) <- grant{conn: c}
	case c.conn == nil:
		u.open--
	case u.closed:
		_ = c.conn.Close()
		u.open--
	default:
		u.idle = append(u.idle, c)
	}
}

// drain refuses all requests that wait, and closes what is idle. The lock is held.
func (u *upstream) drain() {
	for first := u.waiting.Front(); first != nil; first = u.waiting.Front() {
		u.waiting.Remove(first).(chan grant) <- grant{err: u.refusal()}
	}
	for _, c := range u.idle {
		_ = c.conn.Close()
	}
	u.open -= len(u.idle)
	u.idle = nil
}

func (u *upstream) refusal() error {
	if u.closed {
		return ErrClosed
	}
	u.refusals.Add(1)
	return errRefused
}

func (u *upstream) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
	u.drain()
}
