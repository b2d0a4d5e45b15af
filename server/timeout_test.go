package server

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestAnIdleConnectionIsClosed(t *testing.T) {
	t.Parallel()
	const limit = 400 * time.Millisecond
	r := open(t, Config{Limits: Limits{IdleTimeout: limit}})
	c := r.dial()
	begin := time.Now() // before the answer: heard late, less of the time is seen
	c.ask("hello")
	c.ends("")
	if took := time.Since(begin); took < limit {
		t.Errorf("closed after %v, before %v", took, limit)
	}
	r.ended(Idle, 1)
	r.serves()
}

func TestAConnectionInUseIsNotIdle(t *testing.T) {
	t.Parallel()
	const limit = 2 * time.Second // a machine that stands still for as long makes it idle
	r := open(t, Config{Limits: Limits{IdleTimeout: limit}})
	c := r.dial()
	for begin := time.Now(); time.Since(begin) < limit*3/2; time.Sleep(limit / 40) {
		c.ask("hello")
	}
	c.close()
	r.ended(ClientClosed, 1)
}

func TestDripsOfAMessageDoNotExtendItsTime(t *testing.T) {
	t.Parallel()
	const limit = 500 * time.Millisecond
	r := open(t, Config{Limits: Limits{ReadTimeout: limit, IdleTimeout: time.Minute}})
	for range 3 {
		loris := r.dial()
		loris.ask("hello")
		begin := time.Now()
		go func() {
			for {
				if _, err := io.WriteString(loris, "x"); err != nil {
					return
				}
				time.Sleep(limit / 50)
			}
		}()
		loris.isCut()
		if took := time.Since(begin); took < limit {
			t.Errorf("cut after %v, before %v", took, limit)
		}
	}
	r.ended(SlowRead, 3)
	r.serves()
}

func TestAMessageMayTakeItsTime(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Limits: Limits{ReadTimeout: patience, IdleTimeout: 1500 * time.Millisecond}})
	c := r.dial()
	for range 2 { // longer than IdleTimeout, which is not about a message that has begun
		c.say("two ")
		time.Sleep(2 * time.Second)
		c.say("parts\n")
		c.hears("echo: two parts\n")
	}
	c.close()
	r.ended(ClientClosed, 1)
}

// deaf is a client whose kernel takes little. It should not begin to read: with such a buffer that takes ages.
func (r *room) deaf() *client {
	r.t.Helper()
	c := r.dial()
	_ = c.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	return c
}

// floods sends until it cannot, in the background.
func (c *client) floods(message string) (sent <-chan int64) {
	all := make(chan int64, 1)
	go func() {
		var n int64
		for {
			k, err := io.WriteString(c, message)
			n += int64(k)
			if err != nil {
				all <- n
				return
			}
		}
	}()
	return all
}

func TestWhoDoesNotTakeItsAnswersIsCut(t *testing.T) {
	t.Parallel()
	const limit = 500 * time.Millisecond
	r := open(t, Config{Handler: Messages(echo{}), Limits: Limits{WriteTimeout: limit, IdleTimeout: time.Minute}})
	c := r.deaf()
	begin := time.Now()
	sent := c.floods(strings.Repeat("x", 64<<10))
	<-sent
	if took := time.Since(begin); took < limit {
		t.Errorf("cut after %v, before %v", took, limit)
	}
	r.ended(SlowWrite, 1)
	echo := r.dial()
	echo.say("hello")
	echo.hears("hello")
}

func TestWhoTakesItsAnswersInTimeGetsAllOfThem(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Handler: Messages(frame{1 << 20}), Limits: Limits{WriteTimeout: 10 * time.Second}})
	c := r.dial()
	frame := framed(strings.Repeat("x", 1<<20))
	go func() {
		for range 32 {
			_, _ = io.WriteString(c, frame)
		}
	}()
	r.until("the server waits for the client", func(Stats) bool { return r.states()["writing"] == 1 })
	for range 32 { // more than the kernel's buffers
		c.hears(frame)
	}
	c.close()
	r.ended(ClientClosed, 1)
}

func TestWhoTakesItsAnswersSlowlyIsNotCut(t *testing.T) {
	t.Parallel()
	const limit, size = 2 * time.Second, 32 << 20 // more than the buffers of the kernel
	for name, handler := range map[string]StreamHandler{
		"messages": Messages(frame{size}),
		"http": NewHTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x", size))
		}), Limits{WriteTimeout: limit}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := open(t, Config{Handler: handler, Limits: Limits{WriteTimeout: limit}})
			c := r.dial()
			_ = c.Conn.(*net.TCPConn).SetReadBuffer(16 << 10)
			question := "GET / HTTP/1.1\r\nHost: test\r\n\r\n"
			if name == "messages" {
				question = framed(strings.Repeat("x", size))
			}
			go func() { _, _ = io.WriteString(c, question) }()
			r.until("the server waits for the client", func(Stats) bool { return r.states()["writing"] == 1 })
			_ = c.SetDeadline(time.Now().Add(3*limit + patience)) // that may have taken a while
			got := 0
			for begin := time.Now(); time.Since(begin) < 3*limit; time.Sleep(limit / 100) {
				n, err := io.CopyN(io.Discard, c.in, 3<<10)
				if got += int(n); err != nil {
					t.Fatalf("after %d bytes and %v: %v", got, time.Since(begin), err)
				}
			}
			if got >= size {
				t.Fatal("the client was not slow")
			}
			c.close()
		})
	}
}

func TestTheTimeForWritingRunsSinceTheLastByteThatWasTaken(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		limits Limits
		taken  []uint64 // in each half of a minute
		want   Reason
	}{
		{"nothing", Limits{WriteTimeout: time.Minute}, []uint64{0, 0}, SlowWrite},
		{"a byte each time", Limits{WriteTimeout: time.Minute}, []uint64{1, 1, 1, 1, 1, 1, 1}, notEnded},
		{"some, and then nothing", Limits{WriteTimeout: time.Minute}, []uint64{5000, 0, 0}, SlowWrite},
		{"nothing, and a byte in time", Limits{WriteTimeout: time.Minute}, []uint64{0, 1, 0, 1}, notEnded},
		{"as much as has to be", Limits{MinRate: 100}, []uint64{3000, 3000, 3000}, notEnded},
		{"less than that", Limits{MinRate: 100}, []uint64{3000, 2999}, SlowRate},
		{"less, and more in the same time", Limits{WriteTimeout: time.Minute, MinRate: 100}, []uint64{1, 5999}, notEnded},
		{"a byte each time, which is less", Limits{WriteTimeout: time.Minute, MinRate: 100}, []uint64{1, 1}, SlowRate},
		{"no limit", Limits{}, []uint64{0, 0, 0}, notEnded},
	} {
		now := time.Now()
		c := conn{opened: now}
		c.enter(writing)
		got := tt.limits.expired(&c, now)
		for i, n := range tt.taken {
			if got != notEnded {
				t.Errorf("%s: ended with %v before half minute %d", tt.name, got, i)
			}
			c.bytesOut.Add(n)
			now = now.Add(30 * time.Second)
			got = tt.limits.expired(&c, now)
		}
		if got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// states is how many connections are in each state.
func (r *room) states() map[string]int {
	n := map[string]int{}
	for _, c := range r.Conns(1000, ByAge) {
		n[c.State]++
	}
	return n
}

func TestAConnectionLastsNoLongerThanItsTotal(t *testing.T) {
	t.Parallel()
	const limit = 500 * time.Millisecond
	r := open(t, Config{Handler: Messages(echo{}), Limits: Limits{TotalTimeout: limit, IdleTimeout: time.Minute}})
	begin := time.Now()
	c := r.dial()
	go func() {
		for {
			if _, err := io.WriteString(c, "x"); err != nil {
				return
			}
			time.Sleep(limit / 20)
		}
	}()
	c.isCut()
	if took := time.Since(begin); took < limit {
		t.Errorf("cut after %v, before %v", took, limit)
	}
	r.ended(Total, 1)
}

func TestANewLimitHoldsForConnectionsThatAreServed(t *testing.T) {
	t.Parallel()
	r := open(t, Config{})
	c := r.dial()
	c.ask("hello")
	r.limit(Limits{IdleTimeout: 100 * time.Millisecond})
	c.ends("")
	r.ended(Idle, 1)
}

// The sweeper may come by late, on a machine with too much to do. That must cost no client anything.
func TestALateSweeperCutsNobodyEarly(t *testing.T) {
	t.Parallel()
	limits := Limits{IdleTimeout: time.Second, ReadTimeout: time.Second, WriteTimeout: time.Second}
	for p, why := range map[phase]Reason{
		waiting: Idle, reading: SlowRead, handshake: SlowRead, writing: SlowWrite,
		held: notEnded, streaming: notEnded,
	} {
		now := time.Now()
		c := conn{opened: now}
		expired := func(after time.Duration) Reason {
			now = now.Add(after)
			return limits.expired(&c, now)
		}
		c.enter(p)
		if got := expired(time.Hour); got != notEnded { // nobody knows when it came here
			t.Errorf("%v: ended at first sight: %v", p, got)
		}
		if got := expired(999 * time.Millisecond); got != notEnded {
			t.Errorf("%v: ended before its time: %v", p, got)
		}
		c.enter(p)
		if got := expired(time.Hour); got != notEnded {
			t.Errorf("%v: a new message got the time of the one before: %v", p, got)
		}
		if got := expired(time.Second); got != why {
			t.Errorf("%v: ended with %v, want %v", p, got, why)
		}
	}
}
