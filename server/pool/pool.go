package pool

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

var (
	// ErrBusy says that no connection became free within [Config].AcquireTimeout. Nothing was sent.
	ErrBusy = errors.New("all connections to the upstream are in use")
	// ErrUnavailable says that every upstream is refused by its circuit breaker, or could not be reached. Nothing was
	// sent.
	ErrUnavailable = errors.New("no upstream is available")
	// ErrClosed says that the pool was closed. Nothing was sent.
	ErrClosed = errors.New("the pool of upstreams is closed")
)

// Pool is a set of upstreams that are equally good, and the connections to them. It may be used by many goroutines.
type Pool struct {
	config    Config
	upstreams []*upstream
	turn      atomic.Uint32
	done      chan struct{}
	close     func()
}

// New makes a pool of upstreams, each "host:port" or what [Config].Dial takes. It makes no connection yet. The error
// is about the configuration: no address, or a number that is negative or above another one that bounds it.
func New(addresses []string, config Config) (*Pool, error) {
	if err := config.check(addresses); err != nil {
		return nil, err
	}
	p := &Pool{config: config, done: make(chan struct{})}
	for _, address := range addresses {
		p.upstreams = append(p.upstreams, newUpstream(address, &p.config))
	}
	p.close = sync.OnceFunc(func() {
		close(p.done)
		for _, u := range p.upstreams {
			u.close()
		}
	})
	return p, nil
}

// Close closes the connections that are idle, and refuses requests that wait for one. Exchanges that are under way may
// finish; their connections are closed afterwards. It does not wait for them.
func (p *Pool) Close() { p.close() }

// Do sends a request and reads its answer, which is what exchange does, on a connection of the upstream that has the
// fewest requests (in exchange or waiting) among those whose circuit breaker does not refuse.
//
// exchange has to read its answer to the end, or to return an error. It is given another connection, from the
// beginning, only when nothing was sent: the connection could not be made, or its first write failed without taking a
// single byte. It must not keep the connection.
//
// An exchange that fails closes its connection and counts as a failure of the upstream, unless ctx has ended, since the
// upstream cannot help it when a request had waited too long, or its error is that of [Excuse]. So an upstream that hangs is found by ExchangeTimeout,
// which should be shorter than what callers allow.
//
// The errors are those of exchange, of ctx, [ErrBusy], [ErrUnavailable] and [ErrClosed].
func (p *Pool) Do(ctx context.Context, exchange func(*Conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	giveUp := time.Now().Add(p.config.AcquireTimeout)
	var tried map[*upstream]bool
	var failed *upstream
	reason := errRefused.error // unless one was tried
	for {
		u, last := p.pick(tried)
		if u == nil {
			return fmt.Errorf("%w: %w", ErrUnavailable, reason)
		}
		if failed != nil {
			failed.retried.Add(1)
			failed = nil
		}
		err := u.do(ctx, giveUp, last, exchange)
		if err == nil {
			return nil
		}
		f, ok := errors.AsType[failure](err)
		if !ok {
			return err
		}
		switch f.why {
		case sent, abandoned, excused:
			return f.error
		case stale: // says nothing about the upstream's other connections; this one is closed, so that there is an end
			failed, reason = u, f.error
			continue
		case unreached:
			failed, reason = u, f.error
		}
		if tried == nil {
			tried = make(map[*upstream]bool)
		}
		tried[u] = true
	}
}

// pick returns the upstream with the least load that was not tried and may be asked, or nil. Where several have the
// same, they take turns. last: all that are left refuse, and this one is asked all the same.
func (p *Pool) pick(tried map[*upstream]bool) (best *upstream, last bool) {
	turn := p.turn.Add(1)
	var least int
	consider := func(may func(*upstream) bool) {
		for i := range p.upstreams {
			u := p.upstreams[(turn+uint32(i))%uint32(len(p.upstreams))]
			if tried[u] || !may(u) {
				continue
			}
			if load := u.load(); best == nil || load < least {
				best, least = u, load
			}
		}
	}
	consider(func(u *upstream) bool { return !u.refuses() })
	if best != nil || p.config.Breaker.Strict {
		return best, false
	}
	consider(func(*upstream) bool { return true })
	return best, true
}
