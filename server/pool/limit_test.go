package pool_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tcptune/tcptune/server/pool"
)

func TestNeverMoreThanMaxConnections(t *testing.T) {
	s := listen(t, echo)
	p := newPool(t, pool.Config{Max: 3, MinIdle: 2, AcquireTimeout: time.Minute}, s.address())
	run(t, p)
	var clients sync.WaitGroup
	for i := range 16 {
		clients.Go(func() {
			for n := range 50 {
				mustAsk(t, p, fmt.Sprint(i, n))
			}
		})
	}
	clients.Wait()
	// None was replaced, so the upstream cannot have seen one before the end of another.
	if _, most, total := s.seen(); most != 3 || total != 3 {
		t.Errorf("the upstream saw %d connections at once, %d in all; want 3 and 3", most, total)
	}
	if got := stats(p); got.Acquired != 800 || got.Dials != 3 || got.InUse != 0 || got.Waiting != 0 {
		t.Errorf("got %+v", got)
	}
}

// hold takes a connection until the returned function is called.
func hold(t *testing.T, p *pool.Pool) (release func()) {
	taken, free, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		if err := p.Do(t.Context(), func(*pool.Conn) error { close(taken); <-free; return nil }); err != nil {
			t.Error(err)
		}
	}()
	<-taken
	return func() { close(free); <-done }
}

func TestWaitersAreServedInTheirOrder(t *testing.T) {
	withPipes(t, echo, pool.Config{Max: 1}, func(t *testing.T, p *pool.Pool, _ *pipes) {
		release := hold(t, p)
		var order []int
		var clients sync.WaitGroup
		leaving, leave := context.WithCancel(t.Context())
		for i := range 10 {
			ctx := t.Context()
			if i == 4 || i == 0 {
				ctx = leaving
			}
			clients.Go(func() {
				err := p.Do(ctx, func(*pool.Conn) error { order = append(order, i); return nil })
				if ctx == leaving != errors.Is(err, context.Canceled) {
					t.Errorf("client %d: %v", i, err)
				}
			})
			synctest.Wait() // until it waits
		}
		leave()
		synctest.Wait()
		if got := stats(p).Waiting; got != 8 {
			t.Errorf("%d wait after 2 of 10 have left", got)
		}
		release()
		clients.Wait()
		if want := []int{1, 2, 3, 5, 6, 7, 8, 9}; !slices.Equal(order, want) {
			t.Errorf("got %v, want %v", order, want)
		}
	})
}

func TestWaitEndsWithErrBusy(t *testing.T) {
	withPipes(t, echo, pool.Config{Max: 1, AcquireTimeout: 700 * time.Millisecond}, func(t *testing.T, p *pool.Pool,
		_ *pipes,
	) {
		release := hold(t, p)
		begin := time.Now()
		_, err := ask(t.Context(), p, "x")
		if !errors.Is(err, pool.ErrBusy) || time.Since(begin) != 700*time.Millisecond {
			t.Errorf("%v after %s", err, time.Since(begin))
		}
		if got := stats(p); got.Timeouts != 1 || got.Waiting != 0 || got.Breaker != "closed" {
			t.Errorf("got %+v", got)
		}
		release()
		mustAsk(t, p, "afterwards")
	})
}

// A place that is handed over at the instant at which its receiver leaves has to go on to somebody else.
func TestNoPlaceIsLostToWhoLeaves(t *testing.T) {
	s := listen(t, echo)
	p := newPool(t, pool.Config{Max: 2, AcquireTimeout: 200 * time.Microsecond}, s.address())
	var clients sync.WaitGroup
	for i := range 16 {
		clients.Go(func() {
			for n := range 200 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i*n)*time.Microsecond)
				_, _ = ask(ctx, p, "x")
				cancel()
			}
		})
	}
	clients.Wait()
	got := stats(p)
	if got.InUse != 0 || got.Waiting != 0 || got.Timeouts == 0 {
		t.Errorf("got %+v", got)
	}
}

func TestPanicInExchangeGivesItsPlaceBack(t *testing.T) {
	p := newPool(t, pool.Config{Max: 1}, listen(t, echo).address())
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = p.Do(t.Context(), func(*pool.Conn) error { panic("in exchange") })
	}()
	mustAsk(t, p, "afterwards")
	if got := stats(p); got.RetiredBroken != 1 || got.Open != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestUpstreamWithTheLeastLoadIsTaken(t *testing.T) {
	a, b, c := listen(t, echo), listen(t, echo), listen(t, echo)
	p := newPool(t, pool.Config{Max: 4}, a.address(), b.address(), c.address())
	var releases []func()
	for range 6 {
		releases = append(releases, hold(t, p))
	}
	for _, u := range p.Stats() {
		if u.InUse != 2 {
			t.Errorf("%s has %d of 6 requests, want 2", u.Address, u.InUse)
		}
	}
	for _, release := range releases {
		release()
	}
	for range 30 {
		mustAsk(t, p, "one at a time")
	}
	for _, u := range p.Stats() {
		if u.Acquired != 12 {
			t.Errorf("%s had %d of 36 requests, want 12", u.Address, u.Acquired)
		}
	}
}

func TestCloseRefusesWaitersAndLetsExchangesFinish(t *testing.T) {
	s := listen(t, echo)
	p := newPool(t, pool.Config{Max: 1, AcquireTimeout: time.Minute}, s.address())
	release := hold(t, p)
	waiter := make(chan error)
	go func() { _, err := ask(t.Context(), p, "x"); waiter <- err }()
	eventually(t, "one waits", func() bool { return stats(p).Waiting == 1 })
	p.Close()
	if err := <-waiter; !errors.Is(err, pool.ErrClosed) {
		t.Errorf("a waiter got %v", err)
	}
	if now, _, _ := s.seen(); now != 1 {
		t.Errorf("%d connections while an exchange is under way", now)
	}
	release()
	eventually(t, "all connections are closed", func() bool { now, _, _ := s.seen(); return now == 0 })
	if _, err := ask(t.Context(), p, "x"); !errors.Is(err, pool.ErrClosed) {
		t.Errorf("afterwards: %v", err)
	}
	if got := stats(p); got.Open != 0 {
		t.Errorf("got %+v", got)
	}
	p.Run(t.Context()) // returns
}
