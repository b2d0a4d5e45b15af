package pool_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/server/pool"
)

func TestRequestThatWasNotSentGoesToAnotherUpstream(t *testing.T) {
	down, up := listen(t, echo), listen(t, echo)
	down.stop()
	p := newPool(t, pool.Config{Breaker: pool.Breaker{Failures: 1000}}, down.address(), up.address())
	for range 20 {
		mustAsk(t, p, "x")
	}
	got := p.Stats()
	if got[0].Retried == 0 || got[0].Retried != got[0].DialErrors || got[1].Acquired != 20 {
		t.Errorf("got %+v", got)
	}
}

func TestRequestThatMayHaveBeenSeenIsNotSentAgain(t *testing.T) {
	for name, serve := range map[string]func(net.Conn){"dies": die, "answers half": halfAnswer} {
		t.Run(name, func(t *testing.T) {
			var seen atomic.Int32
			counted := func(c net.Conn) {
				seen.Add(1)
				serve(c)
			}
			a, b := listen(t, counted), listen(t, counted)
			p := newPool(t, pool.Config{}, a.address(), b.address())
			if answer, err := ask(t.Context(), p, "once"); err == nil {
				t.Errorf("answered %q", answer)
			}
			if seen.Load() != 1 {
				t.Errorf("the request was seen %d times", seen.Load())
			}
		})
	}
}

// short is a connection that takes so many bytes, and then fails.
type short struct {
	net.Conn
	left int
}

func (s *short) Write(p []byte) (int, error) {
	n, err := s.Conn.Write(p[:min(s.left, len(p))])
	s.left -= n
	if err == nil && n < len(p) {
		err = syscall.EPIPE
	}
	return n, err
}

func TestFirstByteDecides(t *testing.T) {
	for _, test := range []struct {
		name    string
		takes   int
		retried bool
	}{
		{"nothing was taken", 0, true},
		{"a byte was taken", 1, false},
		{"all but a byte was taken", 4, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := listen(t, echo), listen(t, echo)
			first := true
			p := newPool(t, pool.Config{Dial: func(ctx context.Context, address string) (net.Conn, error) {
				c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
				if err == nil && first {
					first = false
					c = &short{c, test.takes}
				}
				return c, err
			}}, a.address(), b.address())
			answer, err := ask(t.Context(), p, "x")
			if test.retried && (answer != "x" || err != nil) || !test.retried && !errors.Is(err, syscall.EPIPE) {
				t.Errorf("got %q, %v", answer, err)
			}
			all := p.Stats()
			if retried := all[0].Retried+all[1].Retried == 1; retried != test.retried {
				t.Errorf("got %+v", all)
			}
		})
	}
}

// The connection is reset after the pool has looked at it and before the first byte is written.
func TestConnectionThatWasClosedWhileItWasKeptIsReplaced(t *testing.T) {
	s := listen(t, func(c net.Conn) {
		_ = c.(*net.TCPConn).SetLinger(0) // close by RST
		echo(c)
	})
	var ours *net.TCPConn
	p := newPool(t, pool.Config{Breaker: pool.Breaker{Failures: 1, Least: 1}, Dial: dialing(&ours)}, s.address())
	mustAsk(t, p, "x")
	var tries int
	var answer string
	err := p.Do(t.Context(), func(c *pool.Conn) error {
		if tries++; tries == 1 {
			s.hangUp()
			eventually(t, "the reset has come", func() bool { return events(t, ours)&unix.POLLHUP != 0 })
		}
		if _, err := c.Write(frame("again")); err != nil {
			return err
		}
		var err error
		answer, err = readFrame(c)
		return err
	})
	if err != nil || answer != "again" || tries != 2 {
		t.Errorf("got %q, %v after %d tries", answer, err, tries)
	}
	if got := stats(p); got.Retried != 1 || got.RetiredBroken != 1 || got.Breaker != "closed" {
		t.Errorf("got %+v", got)
	}
}

func TestErrorOfTheExchangeItselfIsFinal(t *testing.T) {
	p := newPool(t, pool.Config{}, listen(t, echo).address(), listen(t, echo).address())
	tries, mine := 0, errors.New("mine")
	if err := p.Do(t.Context(), func(*pool.Conn) error { tries++; return mine }); !errors.Is(err, mine) || tries != 1 {
		t.Errorf("got %v after %d tries", err, tries)
	}
}

func TestConnectionIsNotUsedAgainWhen(t *testing.T) {
	for _, test := range []struct {
		name     string
		serve    func(t *testing.T, c net.Conn, pushed *sync.WaitGroup)
		exchange func(c *pool.Conn) error
	}{
		{"bytes came with the answer", func(_ *testing.T, c net.Conn, _ *sync.WaitGroup) {
			p, _ := readFrame(c)
			_, _ = c.Write(append(frame(p), frame("stray")...))
			echo(c)
		}, nil},
		{"many bytes came with the answer", func(_ *testing.T, c net.Conn, _ *sync.WaitGroup) {
			p, _ := readFrame(c)
			_, _ = c.Write(append(frame(p), make([]byte, 60_000)...))
			echo(c)
		}, nil},
		{"bytes came after the answer", func(_ *testing.T, c net.Conn, pushed *sync.WaitGroup) {
			p, _ := readFrame(c)
			_, _ = c.Write(frame(p))
			_, _ = readFrame(c) // from the test: the answer was taken
			_, _ = c.Write(frame("stray"))
			pushed.Done()
			echo(c)
		}, nil},
		{"the upstream has closed it", func(_ *testing.T, c net.Conn, pushed *sync.WaitGroup) {
			p, _ := readFrame(c)
			_, _ = c.Write(frame(p))
			_, _ = readFrame(c)
			_ = c.Close()
			pushed.Done()
		}, nil},
		{
			"an error of reading was ignored", func(_ *testing.T, c net.Conn, _ *sync.WaitGroup) { die(c) },
			func(c *pool.Conn) error {
				_, _ = c.Write(frame("x"))
				_, _ = io.ReadAll(c)
				_, _ = c.Read(make([]byte, 1))
				return nil
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var pushed sync.WaitGroup
			var first atomic.Bool
			s := listen(t, func(c net.Conn) {
				if first.CompareAndSwap(false, true) {
					test.serve(t, c, &pushed)
				} else {
					echo(c)
				}
			})
			var ours *net.TCPConn
			p := newPool(t, pool.Config{Dial: dialing(&ours)}, s.address())
			if test.exchange == nil {
				mustAsk(t, p, "first")
			} else if err := p.Do(t.Context(), test.exchange); err != nil {
				t.Error(err)
			}
			if stats(p).Idle == 1 {
				pushed.Add(1)
				_, _ = ours.Write(frame("go on"))
				pushed.Wait()
				eventually(t, "it has come", func() bool { return events(t, ours) != 0 })
			}
			mustAsk(t, p, "second")
			if got := stats(p); got.RetiredBroken != 1 || got.Dials != 2 || got.Reused != 0 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// The interrupt by the context may still be on its way, and must not meet the next exchange.
func TestConnectionIsNotUsedAgainWhenTheContextEndedInTheExchange(t *testing.T) {
	p := newPool(t, pool.Config{}, listen(t, echo).address())
	ctx, cancel := context.WithCancel(t.Context())
	if err := p.Do(ctx, func(*pool.Conn) error { cancel(); return nil }); err != nil {
		t.Errorf("an exchange that has succeeded: %v", err)
	}
	if got := stats(p); got.RetiredBroken != 1 || got.Open != 0 {
		t.Errorf("got %+v", got)
	}
}
