package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"time"

	"github.com/tcptune/tcptune/bench"
	"github.com/tcptune/tcptune/internal/report"
)

const (
	frozenAfter = 4 * time.Second
	frozenFor   = time.Second
	honestFor   = 10 * time.Second
	honestLimit = 10 * time.Millisecond // of the rate that is looked for
)

// honestCase is a run during which the server stands still for a second; share is that of its capacity, 0 the closed loop.
type honestCase struct {
	share float64
	name  string
}

// showHonesty freezes a server for a second in ten, and prints what is measured beside what must come out: at a share r of the
// capacity the backlog of F seconds drains at 1 - r, so that a share p of the requests waits longer than F - 10 p (1 - r). The
// capacity is that of a server which has one by itself: what a machine can do is another thing at each moment.
func showHonesty(others string, rounds int) error {
	if err := isolate(); err != nil {
		return err
	}
	cores, err := twoCores()
	if err != nil {
		return err
	}
	b := echoBench{cores: cores, each: time.Second}
	server := echoServer{name: "paced", argv: []string{"/proc/self/exe", "-paced"}}
	o := b.load(rawCase(50, 1))
	o.Warmup = 0
	fmt.Printf("\nA server that answers %d a second and stands still for %v in %v, %d rounds, medians; percentiles in seconds from when "+
		"requests were due\n\n", pacedCapacity, frozenFor, honestFor, rounds)
	fmt.Printf("%-24s %8s %8s %8s %8s\n", "", "p99", "must be", "p99.9", "must be")
	for _, c := range []honestCase{{0.05, "5 % of its capacity"}, {0.5, "50 % of its capacity"}, {0, "closed loop"}} {
		var p99, p999 []float64
		for range rounds {
			r, err := b.freeze(server, o, c)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			l := bench.Main(r)
			p99, p999 = append(p99, l.P99/1e6), append(p999, l.P999/1e6)
		}
		self := func(v float64) float64 { return v }
		want99, want999 := "-", "-"
		if c.share > 0 {
			still := frozenFor.Seconds()
			want99, want999 = fmt.Sprintf("%.3f", still-0.1*(1-c.share)), fmt.Sprintf("%.3f", still-0.01*(1-c.share))
		}
		fmt.Printf("%-24s %8.3f %8s %8.3f %8s\n", c.name, medianOf(p99, self), want99, medianOf(p999, self), want999)
	}
	return b.findRate(echoServer{name: rowC, argv: []string{filepath.Join(others, "epoll"), echoAddress.String()}}, o)
}

// freeze runs one test, and stops the server while it does.
func (b echoBench) freeze(server echoServer, o bench.Options, c honestCase) (r report.Bench, err error) {
	process, err := server.start(echoAddress, b.cores.server)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, process.stop(err != nil)) }()
	o.Rate, o.Duration = pacedCapacity*c.share, honestFor
	if c.share == 0 {
		o.Conns = 10 // each has one late answer, of thousands
	}
	thawed := make(chan error, 1)
	began := false
	o.Mark = func() error {
		if began { // the second mark is that of the end
			return nil
		}
		began = true
		go func() {
			time.Sleep(frozenAfter)
			err := process.cmd.Process.Signal(syscall.SIGSTOP)
			time.Sleep(frozenFor)
			thawed <- errors.Join(err, process.cmd.Process.Signal(syscall.SIGCONT))
		}()
		return nil
	}
	r, err = bench.Run(context.Background(), o, nil)
	if err = errors.Join(err, <-thawed); err == nil && r.Requests.Sent != r.Requests.Answered+r.Requests.Failed {
		err = fmt.Errorf("%d sent, %d answered and %d failed", r.Requests.Sent, r.Requests.Answered, r.Requests.Failed)
	}
	return r, err
}

// findRate prints the highest rate that holds a latency, beside what a closed loop reaches.
func (b echoBench) findRate(server echoServer, o bench.Options) (err error) {
	process, err := server.start(echoAddress, b.cores.server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, process.stop(err != nil)) }()
	o.Duration = time.Second
	most, err := bench.Run(context.Background(), o, nil)
	if err != nil {
		return err
	}
	found, err := bench.FindRate(context.Background(), o, honestLimit, nil)
	if err != nil {
		return err
	}
	fmt.Printf("\nThe highest rate with a p99 of %v, 50 connections: %.0f a second, in %d runs; a closed loop reaches %.0f\n", honestLimit,
		*found.Found, len(found.Rounds), most.Rate)
	return nil
}
