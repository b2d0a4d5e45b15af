package pool_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tcptune/tcptune/server/pool"
)

// halfAnswer ends the connection in the middle of the answer.
func halfAnswer(c net.Conn) {
	if p, err := readFrame(c); err == nil {
		answer := frame(p)
		_, _ = c.Write(answer[:len(answer)-1])
	}
}

// die ends the connection when the request has come.
func die(c net.Conn) { _, _ = readFrame(c) }

func TestBreakerOpensAndRefusesWithoutAsking(t *testing.T) {
	for _, test := range []struct {
		name  string
		serve func(net.Conn) // nil: nobody listens
		time  time.Duration  // for an exchange; a busy machine may need seconds
		want  error
	}{
		{"refuses", nil, time.Minute, pool.ErrUnavailable},
		{"dies", die, time.Minute, io.EOF},
		{"hangs", hang, 50 * time.Millisecond, os.ErrDeadlineExceeded},
		{"answers half", halfAnswer, time.Minute, io.ErrUnexpectedEOF},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := listen(t, test.serve)
			if test.serve == nil {
				s.stop()
			}
			p := newPool(t, pool.Config{
				ExchangeTimeout: test.time, Breaker: pool.Breaker{Failures: 3, Least: 3, Open: time.Hour, Strict: true},
			}, s.address())
			for range 3 {
				if _, err := ask(t.Context(), p, "lost"); !errors.Is(err, test.want) {
					t.Errorf("got %v, want %v", err, test.want)
				}
			}
			before := stats(p)
			if before.Breaker != "open" || before.BreakerOpens != 1 || before.Open != 0 {
				t.Errorf("after 3 failures: %+v", before)
			}
			_, err := ask(t.Context(), p, "refused")
			if !errors.Is(err, pool.ErrUnavailable) || !strings.Contains(err.Error(), "circuit breaker is open") {
				t.Errorf("got %v", err)
			}
			if after := stats(p); after.Dials != before.Dials || after.Acquired != before.Acquired || after.Refused != 1 {
				t.Errorf("when refused: %+v, before: %+v", after, before)
			}
		})
	}
}

func TestErrorsNameTheUpstream(t *testing.T) {
	s := listen(t, echo)
	s.stop()
	_, err := ask(t.Context(), newPool(t, pool.Config{}, s.address()), "x")
	want := "no upstream is available: cannot connect to " + s.address() + ": connect: connection refused"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestBreakerClosesAfterItsProbes(t *testing.T) {
	for name, broken := range map[string]func(net.Conn){
		"refuses": nil, "dies": die, "hangs": hang,
		"answers half": halfAnswer,
	} {
		t.Run(name, func(t *testing.T) {
			withPipes(t, nil, pool.Config{
				ExchangeTimeout: time.Second, Breaker: pool.Breaker{Failures: 2, Least: 2, Open: time.Minute, Probes: 2, Strict: true},
			}, func(t *testing.T, p *pool.Pool, s *pipes) {
				expect := func(state string, answered bool) {
					t.Helper()
					if _, err := ask(t.Context(), p, "x"); (err == nil) != answered {
						t.Errorf("got %v, want answered %v", err, answered)
					}
					if got := stats(p); got.Breaker != state {
						t.Errorf("the breaker is %s, want %s", got.Breaker, state)
					}
				}
				s.set(broken)
				expect("closed", false)
				expect("open", false)
				time.Sleep(59 * time.Second)
				expect("open", false)
				time.Sleep(2 * time.Second)
				expect("open", false) // a probe, which fails
				s.set(echo)
				expect("open", false)
				time.Sleep(time.Minute + 1)
				expect("half-open", true)
				expect("closed", true)
				if got := stats(p); got.BreakerOpens != 2 || got.Refused != 2 {
					t.Errorf("got %+v", got)
				}
			})
		})
	}
}

func TestHalfOpenBreakerLetsOnlyItsProbesThrough(t *testing.T) {
	withPipes(t, nil, pool.Config{Breaker: pool.Breaker{Failures: 1, Open: time.Minute, Probes: 1, Strict: true}}, func(t *testing.T,
		p *pool.Pool, s *pipes,
	) {
		_, _ = ask(t.Context(), p, "opens it")
		s.set(echo)
		time.Sleep(time.Minute + 1)
		release := hold(t, p) // the probe
		if _, err := ask(t.Context(), p, "x"); !errors.Is(err, pool.ErrUnavailable) {
			t.Errorf("beside the probe: %v", err)
		}
		release()
		mustAsk(t, p, "closed")
		if got := stats(p); got.Open != 1 || got.Idle != 1 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestWaitersAreRefusedWhenTheBreakerOpens(t *testing.T) {
	withPipes(t, hang, pool.Config{
		Max: 1, AcquireTimeout: time.Hour, ExchangeTimeout: time.Second, Breaker: pool.Breaker{Least: 2, Strict: true},
	}, func(t *testing.T, p *pool.Pool, _ *pipes) {
		begin := time.Now()
		var clients sync.WaitGroup
		for i := range 10 {
			clients.Go(func() {
				if _, err := ask(t.Context(), p, "x"); i > 2 && !errors.Is(err, pool.ErrUnavailable) {
					t.Errorf("client %d: %v", i, err)
				}
			})
			synctest.Wait()
		}
		clients.Wait()
		// Two in turn find out, a third one may have been let through in between.
		if waited := time.Since(begin); waited > 3*time.Second {
			t.Errorf("the last one was refused after %s", waited)
		}
	})
}

func TestWhatEndsWithItsCallerIsNoFailureOfTheUpstream(t *testing.T) {
	withPipes(t, hang, pool.Config{Breaker: pool.Breaker{Least: 1}}, func(t *testing.T, p *pool.Pool, _ *pipes) {
		for _, test := range []struct {
			end  func(context.Context) (context.Context, context.CancelFunc)
			want error
		}{
			{func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, time.Second)
			}, context.DeadlineExceeded},
			{func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				time.AfterFunc(time.Second, cancel)
				return ctx, cancel
			}, context.Canceled},
		} {
			ctx, cancel := test.end(t.Context())
			begin := time.Now()
			_, err := ask(ctx, p, "x")
			if !errors.Is(err, test.want) || time.Since(begin) != time.Second {
				t.Errorf("got %v after %s, want %v", err, time.Since(begin), test.want)
			}
			cancel()
		}
		if got := stats(p); got.Breaker != "closed" || got.RetiredBroken != 2 || got.Open != 0 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestUpstreamThatComesBackIsUsedAgain(t *testing.T) {
	s, other := listen(t, echo), listen(t, echo)
	p := newPool(t, pool.Config{MinIdle: 1, CheckInterval: time.Millisecond, Breaker: pool.Breaker{
		Failures: 2,
		Open:     20 * time.Millisecond,
	}},
		s.address(), other.address())
	run(t, p)
	for range 10 {
		mustAsk(t, p, "both serve")
	}
	address := s.address()
	s.stop()
	eventually(t, "the breaker opens", func() bool { return stats(p).BreakerOpens > 0 })
	for range 50 {
		mustAsk(t, p, "the other one serves")
	}
	s.start(address)
	served := stats(p).Acquired
	eventually(t, "it serves again", func() bool {
		mustAsk(t, p, "back?")
		now := stats(p)
		return now.Acquired > served && now.Breaker == "closed"
	})
}

// The upstream may have forgotten them: each would cost a probe.
func TestIdleConnectionsAreClosedWhenTheBreakerOpens(t *testing.T) {
	withPipes(t, echo, pool.Config{Breaker: pool.Breaker{Least: 1, Share: 0.1}}, func(t *testing.T, p *pool.Pool, _ *pipes) {
		one, two, three := hold(t, p), hold(t, p), hold(t, p)
		one()
		two()
		_ = p.Do(t.Context(), func(*pool.Conn) error { return errPipe })
		if got := stats(p); got.Open != 1 || got.InUse != 1 || got.RetiredBroken != 2 {
			t.Errorf("got %+v", got)
		}
		three()
	})
}

// unwanted is an exchange whose answer is not wanted because of what was asked.
func unwanted(c *pool.Conn) error {
	if _, err := c.Write(frame("a bad question")); err != nil {
		return err
	}
	if _, err := readFrame(c); err != nil {
		return err
	}
	return pool.Excuse(errPipe)
}

// fails is an exchange that ends in the middle of its answer.
func fails(c *pool.Conn) error {
	if _, err := c.Write(frame("a question")); err != nil {
		return err
	}
	return io.ErrUnexpectedEOF
}

func TestWhatAClientAsksForOpensNoBreaker(t *testing.T) {
	strict := pool.Breaker{Failures: 2, Least: 4, Open: time.Hour, Strict: true}
	of := func(t *testing.T, client string) context.Context { return pool.WithClient(t.Context(), client) }
	t.Run("answers that are not wanted", func(t *testing.T) {
		withPipes(t, echo, pool.Config{Breaker: strict}, func(t *testing.T, p *pool.Pool, _ *pipes) {
			for range 100 {
				if err := p.Do(t.Context(), unwanted); !errors.Is(err, errPipe) {
					t.Fatal(err)
				}
			}
			mustAsk(t, p, "others are served")
			if got := stats(p); got.BreakerOpens != 0 || got.RetiredBroken != 100 {
				t.Errorf("got %+v", got)
			}
		})
	})
	t.Run("questions that end the connection", func(t *testing.T) {
		withPipes(t, die, pool.Config{Breaker: strict}, func(t *testing.T, p *pool.Pool, s *pipes) {
			for range 100 {
				_, _ = ask(of(t, "hostile"), p, "kill")
			}
			if got := stats(p); got.BreakerOpens != 0 {
				t.Errorf("one client has opened it: %+v", got)
			}
			s.set(echo)
			mustAsk(t, p, "others are served")
			for i := range 4 {
				_ = p.Do(of(t, fmt.Sprint("client ", i)), fails)
			}
			if got := stats(p); got.BreakerOpens != 1 {
				t.Errorf("all clients fail, and it has not opened: %+v", got)
			}
		})
	})
	t.Run("a share of many", func(t *testing.T) {
		withPipes(t, echo, pool.Config{Breaker: strict}, func(t *testing.T, p *pool.Pool, _ *pipes) {
			for i := range 100 {
				mustAsk(t, p, "fine")
				mustAsk(t, p, "fine")
				_ = p.Do(of(t, fmt.Sprint("client ", i)), fails)
			}
			if got := stats(p); got.BreakerOpens != 0 {
				t.Errorf("a third fails, and it has opened: %+v", got)
			}
		})
	})
}

func TestTheLastUpstreamIsAskedWhateverItsBreakerSays(t *testing.T) {
	a, b := listen(t, die), listen(t, die)
	p := newPool(t, pool.Config{Breaker: pool.Breaker{Least: 2, Open: time.Hour}}, a.address(), b.address())
	for range 20 {
		_, _ = ask(t.Context(), p, "lost")
	}
	for _, s := range p.Stats() {
		if s.Breaker != "open" {
			t.Fatalf("%+v, want it open", s)
		}
	}
	for _, s := range []*server{a, b} {
		address := s.address()
		s.stop()
		s.serve = echo
		s.start(address)
	}
	for range 10 {
		mustAsk(t, p, "it is well again, and nobody has to wait for an hour")
	}
}
