package pool_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tcptune/tcptune/server/pool"
)

// moody answers frames, and in one of a hundred does something else.
func moody(c net.Conn) {
	for {
		p, err := readFrame(c)
		if err != nil {
			return
		}
		answer := frame(p)
		switch rand.N(500) {
		case 0: // dies
			return
		case 1: // answers half
			_, _ = c.Write(answer[:rand.N(len(answer))])
			return
		case 2: // answers, and hangs up
			_, _ = c.Write(answer)
			return
		case 3: // answers twice, which is one answer for somebody else
			answer = append(answer, answer...)
		case 4: // answers late, when the client may have left
			time.Sleep(rand.N(120 * time.Millisecond))
		}
		if _, err := c.Write(answer); err != nil {
			return
		}
	}
}

// census counts the connections to each upstream.
type census struct {
	limit int32
	mu    sync.Mutex
	live  map[string]*atomic.Int32
	over  atomic.Bool
}

type counted struct {
	*net.TCPConn
	close func()
}

func (c counted) Close() error {
	c.close()
	return c.TCPConn.Close()
}

func (s *census) dial(ctx context.Context, address string) (net.Conn, error) {
	s.mu.Lock()
	if s.live[address] == nil {
		s.live[address] = new(atomic.Int32)
	}
	live := s.live[address]
	s.mu.Unlock()
	if live.Add(1) > s.limit {
		s.over.Store(true)
	}
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		live.Add(-1)
		return nil, err
	}
	return counted{c.(*net.TCPConn), sync.OnceFunc(func() { live.Add(-1) })}, nil
}

// Whatever upstreams and clients do: an answer belongs to its request, there are never more than Max connections, and
// in the end no place is missing.
func TestNoAnswerGoesToAnotherRequest(t *testing.T) {
	const clients = 48
	requests := 100_000
	if testing.Short() {
		requests = 5_000
	}
	var addresses []string
	for range 3 {
		addresses = append(addresses, listen(t, moody).address())
	}
	seen := census{limit: 8, live: make(map[string]*atomic.Int32)}
	p := newPool(t, pool.Config{
		Max: 8, MinIdle: 2, AcquireTimeout: 5 * time.Millisecond, ExchangeTimeout: 100 * time.Millisecond,
		IdleTime: 20 * time.Millisecond, LifeTime: 200 * time.Millisecond, CheckInterval: time.Millisecond,
		Breaker: pool.Breaker{Failures: 5, Open: time.Millisecond}, Dial: seen.dial,
	}, addresses...)
	run(t, p)

	var answered atomic.Int64
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			for n := i; n < requests; n += clients {
				ctx, cancel := t.Context(), context.CancelFunc(func() {})
				if rand.N(50) == 0 {
					ctx, cancel = context.WithTimeout(ctx, rand.N(3*time.Millisecond))
				}
				request := fmt.Sprintf("%d %0*d", n, rand.N(200), 0)
				answer, err := ask(ctx, p, request)
				for errors.Is(err, pool.ErrBusy) || errors.Is(err, pool.ErrUnavailable) { // not sent
					time.Sleep(rand.N(time.Millisecond))
					answer, err = ask(ctx, p, request)
				}
				cancel()
				switch {
				case err != nil:
				case answer == request:
					answered.Add(1)
				default:
					t.Errorf("request %q got the answer %q", request, answer)
				}
			}
		})
	}
	all.Wait()
	t.Logf("%d of %d requests were answered", answered.Load(), requests)
	if answered.Load() < int64(requests)/10 {
		t.Errorf("only %d of %d were answered", answered.Load(), requests)
	}
	if seen.over.Load() {
		t.Errorf("there were more than %d connections to one upstream", seen.limit)
	}
	eventually(t, "all places are back", func() bool {
		for _, u := range p.Stats() {
			if u.InUse != 0 || u.Waiting != 0 {
				return false
			}
		}
		return true
	})
	for _, u := range p.Stats() {
		t.Logf("%+v", u)
	}
	p.Close()
	for address, live := range seen.live {
		eventually(t, address+" has no connections", func() bool { return live.Load() == 0 })
	}
}
