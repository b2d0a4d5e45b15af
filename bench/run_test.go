package bench

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

func contextWithCancel(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(ctx(t))
}

// whole is what every test that goes well has.
func whole(t *testing.T, name string, b report.Bench, err error) {
	t.Helper()
	r := b.Requests
	if err != nil || r.Answered == 0 || r.Failed > 0 || r.Unsent > 0 || r.Sent != r.Answered || b.Connections.Lost > 0 {
		t.Errorf("%s: %v, %+v, %v, %+v", name, err, r, b.Errors, b.Connections)
	}
}

// TestWhatDoesNotFitIsRefused asks for more memory than there is.
func TestWhatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	o := plain(Target{Addr: netip.MustParseAddrPort("127.0.0.1:1")})
	small := perConn(&o)
	if o.Size = 1 << 20; perConn(&o) < small+2<<20-1<<10 {
		t.Errorf("a message of 1 MB takes %d bytes, both sides together", perConn(&o))
	}
	if o.Size, o.Pipeline = 1, 1000; perConn(&o) < 24_000 {
		t.Errorf("1,000 requests under way take %d bytes", perConn(&o))
	}
	o.Size, o.Pipeline, o.Conns = MaxSize, 1, int(available()/MaxSize)+1
	if _, err := Limits(&o, 1); !report.Is(err, CodeLimit) || !strings.Contains(err.Error(), "MB") {
		t.Errorf("%d messages of %d bytes: %v", o.Conns, o.Size, err)
	}
	o.Target, o.Conns = Target{Path: "/run/x"}, int(available()/10*9/perConn(&o))
	near, err := Limits(&o, 1)
	if err != nil || len(near) != 1 || near[0].Name != "memory" {
		t.Errorf("nine tenths of the memory, over a Unix socket: %+v, %v", near, err)
	}
	if o.Size = 64; perConn(&o) >= small {
		t.Errorf("a connection of a Unix socket takes %d bytes, one of TCP %d", perConn(&o), small)
	}
}

func TestAHandshakeHasADescriptorOfItsOwn(t *testing.T) {
	t.Parallel()
	o := plain(Target{})
	o.Conns, o.Workers = 5, 2
	plain := descriptors(&o)
	o.Target.TLS = &tls.Config{}
	if got := descriptors(&o) - plain; got != 5 {
		t.Errorf("%d more for the handshakes of 5 connections", got)
	}
	if o.Conns = 100_000; descriptors(&o) != plain-5+o.Conns+2*greeted {
		t.Errorf("%d for %d connections, of which %d are greeted at a time", descriptors(&o), o.Conns, 2*greeted)
	}
}

// The rate is kept, and each second is told.
func TestAnOpenLoopKeepsItsSchedule(t *testing.T) {
	t.Parallel()
	o := plain(serve(t, echo))
	o.Rate, o.Duration, o.Warmup, o.Conns, o.Workers = 333, 2*time.Second, 500*time.Millisecond, 8, 2
	b, err := Run(ctx(t), o, nil)
	whole(t, "rate", b, err)
	if b.Requests.Sent < 665 || b.Requests.Sent > 667 || len(b.Series) < 2 || b.Latency.Intended.Count != int64(b.Requests.Sent) {
		t.Errorf("%+v, %d seconds", b.Requests, len(b.Series))
	}
}

func TestACountEndsTheTest(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{0, 5000} {
		o := plain(serve(t, echo))
		o.Count, o.Duration, o.Rate, o.Workers = 101, time.Minute, rate, 2
		b, err := Run(ctx(t), o, nil)
		whole(t, "count", b, err)
		if b.Requests.Sent != 101 {
			t.Errorf("%d were sent", b.Requests.Sent)
		}
	}
}

func TestThinkingTakesItsTime(t *testing.T) {
	t.Parallel()
	for _, p := range []Protocol{Raw, Talk} {
		o := plain(serve(t, echo))
		o.Protocol, o.Think, o.Duration = p, 50*time.Millisecond, time.Second
		b, err := Run(ctx(t), o, nil)
		whole(t, string(p), b, err)
		if b.Requests.Sent > uint64(o.Conns)*21 {
			t.Errorf("%s: %d in a second, on %d connections that think for 50 ms", p, b.Requests.Sent, o.Conns)
		}
	}
}

// TestEachRequestOfAPipelineThinks has a service that answers one by one, and closes now and then: what is lost
// thinks too.
func TestEachRequestOfAPipelineThinks(t *testing.T) {
	t.Parallel()
	o := plain(serve(t, func(c net.Conn) {
		buf := make([]byte, 64)
		for range 37 {
			if _, err := io.ReadFull(c, buf); err != nil {
				return
			}
			time.Sleep(time.Millisecond)
			if _, err := c.Write(buf); err != nil {
				return
			}
		}
	}))
	o.Conns, o.Pipeline, o.Think, o.Duration = 2, 8, 50*time.Millisecond, time.Second
	b, err := Run(ctx(t), o, nil)
	if most := uint64(2 * 8 * 20); err != nil || b.Requests.Answered > most || b.Requests.Answered < 16 {
		t.Errorf("%v: %d answers in a second, of 16 requests that think for 50 ms", err, b.Requests.Answered)
	}
}

// What is received comes in heaps, which may hold more than was asked for.
func TestACountEndsWhatIsReceived(t *testing.T) {
	t.Parallel()
	o := plain(serve(t, func(c net.Conn) { _, _ = io.Copy(c, zeros0{}) }))
	o.Protocol, o.Size, o.Count, o.Duration = Receive, 1, 101, 30*time.Second
	begin := time.Now()
	b, err := Run(ctx(t), o, nil)
	whole(t, "receive", b, err)
	if time.Since(begin) > o.Duration/2 || b.Requests.Sent < o.Count {
		t.Errorf("%d in %v", b.Requests.Sent, time.Since(begin))
	}
}

// More connections than one address has ports go out from several addresses of the loopback.
func TestLoopbackHasAsManySourcesAsAreNeeded(t *testing.T) {
	o := plain(Target{Addr: netip.MustParseAddrPort("127.0.0.1:1")})
	for o.Conns = 1; o.Conns < 1_000_000; o.Conns += 997 {
		got := sourcesOf(&o)
		if each := o.Conns / len(got); each > int(ephemeral()/2) {
			t.Fatalf("%d connections from %d addresses: %d each, more than half of the ports", o.Conns, len(got), each)
		}
	}
	if o.Conns = 100_000; sourcesOf(&o)[5] != netip.MustParseAddr("127.0.0.6") {
		t.Errorf("got %v", sourcesOf(&o))
	}
}

// TestARateIsFoundByWhatTwoRunsAgreeAbout has a limit that every run holds, and one that none does.
func TestARateIsFoundByWhatTwoRunsAgreeAbout(t *testing.T) {
	t.Parallel()
	o := plain(serve(t, echo))
	for limit, holds := range map[time.Duration]bool{time.Minute: true, 1: false} {
		b, err := FindRate(ctx(t), o, limit, nil)
		for ; report.Is(err, CodeNoAnswer); b, err = FindRate(ctx(t), o, limit, nil) { // a busy machine is given time
			o.Duration *= 2
		}
		if err != nil {
			t.Fatal(err)
		}
		held, runs, best := map[float64]int{}, map[float64]int{}, 0.0
		for _, r := range b.Rounds {
			if runs[r.Asked]++; r.Held {
				held[r.Asked]++
			}
			if held[r.Asked] == 2 {
				best = max(best, r.Asked)
			}
		}
		for rate, n := range runs {
			if failed := n - held[rate]; n > 3 || max(held[rate], failed) != 2 {
				t.Errorf("%s: %.0f a second was tried %d times, and held %d times", limit, rate, n, held[rate])
			}
		}
		if *b.Found != best || *b.NotAbove < best || !holds && best > 0 {
			t.Errorf("%s: found %.0f of %v, not above %.0f", limit, *b.Found, b.Rounds, *b.NotAbove)
		}
	}
}

// TestNoRateIsFoundOfAServiceThatAnswersTooLate would flood it otherwise: no rate is as fast as it can.
func TestNoRateIsFoundOfAServiceThatAnswersTooLate(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	o := plain(serve(t, answering(func(line string) string {
		asked.Add(1)
		time.Sleep(3 * time.Second)
		return line
	})))
	o.Protocol, o.Payload, o.Timeout = Line, []byte("hello"), time.Minute
	_, err := FindRate(ctx(t), o, time.Minute, nil)
	if !report.Is(err, CodeNoAnswer) || !strings.Contains(err.Error(), "none of its 4 answers came within 200ms") {
		t.Errorf("error = %v", err)
	}
	if n := asked.Load(); n != int64(o.Conns) {
		t.Errorf("%d requests were sent, want one on each of %d connections", n, o.Conns)
	}
}

// TestALimitThatBitesIsNamedBeforeTheFirstConnection opens so many connections at once that a listen backlog of this host is full.
func TestALimitThatBitesIsNamedBeforeTheFirstConnection(t *testing.T) {
	t.Parallel()
	var accepted atomic.Int64
	o := plain(serve(t, func(c net.Conn) { accepted.Add(1); echo(c) }))
	o.Conns = int(knob("net/core/somaxconn"))
	if o.Workers = o.Conns / greeted; o.Workers == 0 || o.Conns > 8192 {
		t.Skipf("the listen backlog of this host is %d", o.Conns)
	}
	var named []string
	o.Near = func(l report.BenchLimit) {
		if accepted.Load() > 0 {
			t.Errorf("%s is named when connections stand", l.Name)
		}
		named = append(named, l.Name)
	}
	b, err := Run(ctx(t), o, nil)
	if err != nil || !slices.Contains(named, "listen-backlog") || len(b.Limits) != len(named) {
		t.Errorf("%v: %v are named, and %+v told", err, named, b.Limits)
	}
}

// TestFiguresAreOfTheTimeThatWasMeasured ends runs of a minute early, by a count: a rate is over the time until then,
// and neither the time nor the count has the warm-up in it.
func TestFiguresAreOfTheTimeThatWasMeasured(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{0, 1000} {
		o := plain(serve(t, echo))
		o.Count, o.Duration, o.Warmup, o.Rate, o.Workers = 500, time.Minute, 300*time.Millisecond, rate, 2
		if rate == 0 {
			o.Think = 4 * time.Millisecond // so that there is something to wait for: 1,000 a second at most
		}
		begin := time.Now()
		b, err := Run(ctx(t), o, nil)
		took := time.Since(begin)
		whole(t, "count", b, err)
		if b.Requests.Sent != o.Count || b.Duration < 0.49 || b.Duration > (took-o.Warmup).Seconds() {
			t.Errorf("rate %v: %d were sent in %v s, of %v", rate, b.Requests.Sent, b.Duration, took)
		}
		// On a busy machine what was due before the end may be answered after it.
		got := b.Rate * b.Duration
		if got > 500.1 || rate == 0 && got < 499.9 || rate > 0 && b.Duration > 0.51 {
			t.Errorf("rate %v: %v a second in %v s", rate, b.Rate, b.Duration)
		}
		if b.CPU > 0.98 { // of a minute the pauses would be less than a hundredth
			t.Errorf("rate %v: %v busy, with pauses", rate, b.CPU)
		}
	}
}

// TestAnInterruptIsAKindOfItsOwn ends runs of an hour: what was under way then has not timed out, and what was not
// due yet is no request that was never sent.
func TestAnInterruptIsAKindOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{0, 100} {
		c, cancel := contextWithCancel(t)
		defer cancel()
		seen, begin := 0, time.Now()
		told := func(n Now) { // all that is answered has been, and a while later
			if n.Answered == 40 {
				seen++
			}
			if seen == 2 {
				cancel()
			}
		}
		o := plain(serve(t, func(c net.Conn) {
			_, _ = io.Copy(c, io.LimitReader(c, 640))
			_, _ = io.Copy(io.Discard, c)
		}))
		o.Duration, o.Rate, o.Timeout, o.Pipeline = time.Hour, rate, 30*time.Second, 20
		b, err := Run(c, o, told)
		r := b.Requests
		if err == nil || r.Answered != 40 || r.Failed == 0 || b.Errors["interrupted"] != r.Failed ||
			r.Sent != r.Answered+r.Failed {
			t.Errorf("rate %v: %v, %+v, %v", rate, err, r, b.Errors)
		}
		took := time.Since(begin).Seconds()
		if r.Unsent > 0 || b.Duration < 0.2 || b.Duration > took || rate > 0 && r.Sent > uint64(rate*b.Duration)+1 {
			t.Errorf("rate %v: %+v in %v s", rate, r, b.Duration)
		}
		if got := b.Rate * b.Duration; got < 39.9 || got > 40.1 {
			t.Errorf("rate %v: %v a second for %v s", rate, b.Rate, b.Duration)
		}
	}
}

// TestWhatWasDueInTheWarmUpIsNotUnsent has one connection, which is never free.
func TestWhatWasDueInTheWarmUpIsNotUnsent(t *testing.T) {
	t.Parallel()
	o := plain(serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }))
	o.Conns, o.Rate, o.Warmup, o.Duration, o.Timeout = 1, 100, 500*time.Millisecond, 200*time.Millisecond, time.Second
	if b, _ := Run(ctx(t), o, nil); b.Requests.Unsent == 0 || b.Requests.Sent+b.Requests.Unsent > 20 {
		t.Errorf("%+v, of 20 that were due", b.Requests)
	}
}
