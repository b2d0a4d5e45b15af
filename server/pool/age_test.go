package pool_test

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tcptune/tcptune/server/pool"
)

func TestMinIdleIsKept(t *testing.T) {
	s := listen(t, echo)
	p := newPool(t, pool.Config{Max: 4, MinIdle: 3, CheckInterval: time.Millisecond}, s.address())
	run(t, p)
	full := func() bool { return stats(p).Idle >= 3 }
	eventually(t, "3 are idle", full)
	var releases []func()
	for range 2 {
		releases = append(releases, hold(t, p))
	}
	eventually(t, "Max is reached", func() bool { return stats(p).Open == 4 })
	for _, release := range releases {
		release()
	}
	eventually(t, "the upstream has accepted them", func() bool { now, _, _ := s.seen(); return now == 4 })
	s.hangUp()
	eventually(t, "the closed ones are noticed", func() bool { return stats(p).RetiredBroken == 4 })
	eventually(t, "3 are idle again", full)
	if got := stats(p); got.Open > 4 || got.DialErrors != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestIdleTime(t *testing.T) {
	withPipes(t, echo, pool.Config{IdleTime: time.Minute}, func(t *testing.T, p *pool.Pool, _ *pipes) {
		for range 3 {
			mustAsk(t, p, "x")
			time.Sleep(59 * time.Second)
		}
		if got := stats(p); got.Dials != 1 || got.Reused != 2 {
			t.Errorf("used in time: %+v", got)
		}
		time.Sleep(time.Second)
		mustAsk(t, p, "x")
		if got := stats(p); got.Dials != 2 || got.RetiredIdle != 1 {
			t.Errorf("not used for a minute: %+v", got)
		}
	})
}

func TestLifeTime(t *testing.T) {
	withPipes(t, echo, pool.Config{IdleTime: time.Minute, LifeTime: 2 * time.Minute}, func(t *testing.T, p *pool.Pool,
		_ *pipes,
	) {
		for range 5 { // at 0, 30, 60, 90 and 120 s
			mustAsk(t, p, "x")
			time.Sleep(30 * time.Second)
		}
		if got := stats(p); got.Dials != 2 || got.RetiredLife != 1 || got.RetiredIdle != 0 {
			t.Errorf("while idle: %+v", got)
		}
		release := hold(t, p)
		time.Sleep(2 * time.Minute)
		release()
		if got := stats(p); got.RetiredLife != 2 || got.Open != 0 {
			t.Errorf("while in use: %+v", got)
		}
	})
}

func TestRunClosesWhatNobodyAsksForAndReplacesMinIdle(t *testing.T) {
	withPipes(t, echo, pool.Config{
		Max: 8, MinIdle: 2, IdleTime: time.Minute, CheckInterval: time.Second,
	}, func(t *testing.T, p *pool.Pool, _ *pipes) {
		go p.Run(t.Context())
		var releases []func()
		for range 5 {
			releases = append(releases, hold(t, p))
		}
		for _, release := range releases {
			release()
		}
		time.Sleep(59 * time.Second)
		synctest.Wait()
		if got := stats(p); got.Idle < 5 || got.RetiredIdle != 0 {
			t.Errorf("after 59 s: %+v", got)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := stats(p); got.Idle != 2 || got.Open != 2 || got.RetiredIdle < 5 {
			t.Errorf("after 61 s: %+v", got)
		}
	})
}

func TestRefillDoesNotHammerAnUpstreamThatRefuses(t *testing.T) {
	withPipes(t, nil, pool.Config{
		MinIdle: 2, CheckInterval: time.Second, Breaker: pool.Breaker{Failures: 3, Open: time.Hour, Strict: true},
	}, func(t *testing.T, p *pool.Pool, _ *pipes) {
		go p.Run(t.Context())
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := stats(p); got.Dials != 3 || got.Breaker != "open" || got.Open != 0 {
			t.Errorf("got %+v", got)
		}
	})
}

// An upstream that accepts and never answers must not look healthy because it accepts.
func TestRefillDoesNotCountAsSuccess(t *testing.T) {
	withPipes(t, hang, pool.Config{
		MinIdle: 1, CheckInterval: time.Second, ExchangeTimeout: 5 * time.Second,
		Breaker: pool.Breaker{Least: 3, Window: time.Minute, Open: time.Hour, Strict: true},
	}, func(t *testing.T, p *pool.Pool, _ *pipes) {
		go p.Run(t.Context())
		for range 3 {
			if _, err := ask(t.Context(), p, "x"); err == nil {
				t.Error("answered")
			}
		}
		if got := stats(p); got.Breaker != "open" {
			t.Errorf("got %+v", got)
		}
	})
}

// hang reads and never answers.
func hang(c net.Conn) {
	for p := make([]byte, 512); ; {
		if _, err := c.Read(p); err != nil {
			return
		}
	}
}

// The connection that was used last is used again, so that more than are needed can become too old.
func TestFewRequestsKeepFewConnections(t *testing.T) {
	withPipes(t, echo, pool.Config{IdleTime: time.Minute, CheckInterval: time.Second}, func(t *testing.T, p *pool.Pool,
		_ *pipes,
	) {
		go p.Run(t.Context())
		one, two := hold(t, p), hold(t, p)
		one()
		two()
		for range 10 {
			mustAsk(t, p, "x")
			time.Sleep(10 * time.Second)
		}
		if got := stats(p); got.Idle != 1 || got.Dials != 2 || got.RetiredIdle != 1 {
			t.Errorf("got %+v", got)
		}
	})
}
