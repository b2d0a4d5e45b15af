package provision

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/tcptune/tcptune/bench"
	"github.com/tcptune/tcptune/internal/report"
)

// The field Host of HTTP has the port where it is not the usual one, and never the zone of this machine.
func TestTheFieldHost(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"http://h":              "h",
		"http://h:80/":          "h",
		"https://h":             "h",
		"https://h:80":          "h:80",
		"http://127.0.0.1:81":   "127.0.0.1:81",
		"http://[::1]":          "[::1]",
		"http://[::1%25lo]/":    "[::1]",
		"http://[::1%25lo]:81/": "[::1]:81",
	} {
		p, err := bench.ParsePlace(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := hostField(p); got != want {
			t.Errorf("%s: %q, not %q", text, got, want)
		}
	}
}

// An interrupt loses none of the rounds that had ended: neither of one test, nor of two in turn, of which only whole turns count.
func TestAnInterruptLeavesTheRoundsThatHadEnded(t *testing.T) {
	t.Parallel()
	l := Load{Target: echo(t), Rounds: 9, Options: bench.Options{
		Conns: 2, Pipeline: 1, Size: 64, Workers: 1, Duration: 600 * time.Millisecond, Timeout: 5 * time.Second,
	}}
	for name, run := range map[string]func(context.Context, func(LoadNow)) (Outcome, error){
		"rounds": func(ctx context.Context, told func(LoadNow)) (Outcome, error) { return Target{}.Bench(ctx, l, told) },
		"turns": func(ctx context.Context, told func(LoadNow)) (Outcome, error) {
			return Target{}.BenchTurns(ctx, l, l, l.Rounds, told)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, begun := range []int{1, 2, 3, 4} { // runs, of which the last is interrupted
				ctx, cancel := context.WithCancel(t.Context())
				var last time.Duration
				runs := 1
				out, err := run(ctx, func(n LoadNow) {
					if n.At < last {
						runs++
					}
					if last = n.At; runs == begun && n.At > 0 {
						cancel()
					}
				})
				cancel()
				want := begun - 1
				if name == "turns" {
					want /= 2
				}
				b := out.Report.Bench
				if !report.Is(err, "interrupted") || want > 0 && b == nil {
					t.Fatalf("%d runs: %v, %+v", begun, err, b)
				}
				if b != nil && len(b.Rounds) != want || want > 0 && b.Rate == 0 {
					t.Errorf("%d runs: %d rounds, %g a second; want %d", begun, len(b.Rounds), b.Rate, want)
				}
				if name == "turns" && want > 0 && len(b.Compared) == 0 {
					t.Errorf("%d runs: nothing is compared", begun)
				}
			}
		})
	}
}

// echo is where an echo service listens until the test ends.
func echo(t *testing.T) (at string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			go func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}()
		}
	}()
	return l.Addr().String()
}
