package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/tcptune/tcptune/bench"
)

const (
	messageSize     = 64                     // bytes
	warmup          = 200 * time.Millisecond // what a sample runs before it counts
	idleConnections = 15000
)

// echoAddress is where each server listens, in a network namespace that nobody else is in.
var echoAddress = netip.MustParseAddrPort("127.0.0.1:7000")

// echoCase is one load: so many connections, each with so many messages of that size on the way.
type echoCase struct {
	protocol           bench.Protocol
	size               int // bytes
	connections, depth int
}

// rawCase is one of small messages that come back as they are.
func rawCase(connections, depth int) echoCase {
	return echoCase{bench.Raw, messageSize, connections, depth}
}

func (c echoCase) String() string {
	return fmt.Sprintf("%s of %d bytes: %d x %d", c.protocol, c.size, c.connections, c.depth)
}

var echoCases = []echoCase{
	rawCase(50, 1),
	rawCase(50, 16),
	rawCase(1000, 1),
	rawCase(1000, 16),
	rawCase(10000, 1),
	rawCase(10000, 16),
	{bench.Raw, 16 << 10, 50, 1},
	{bench.Raw, 16 << 10, 1000, 1},
	{bench.Line, messageSize, 50, 1},
	{bench.Line, messageSize, 50, 16},
	{bench.Frame, messageSize, 50, 1},
	{bench.Frame, messageSize, 50, 16},
}

// idleCase has one message answered on each connection, and then none.
var idleCase = rawCase(idleConnections, 1)

// chosen are the cases whose names have one of the words in them, comma between; all for none.
func chosen(words string) (cases []echoCase) {
	for _, c := range echoCases {
		if words == "" || slices.ContainsFunc(strings.Split(words, ","), func(w string) bool { return strings.Contains(c.String(), w) }) {
			cases = append(cases, c)
		}
	}
	return cases
}

// echoSample is one server under one load.
type echoSample struct {
	rate float64     // messages per second; 0: it does not speak the protocol
	cpu  float64     // of the server, nanoseconds per message
	busy float64     // of the server's core, 0 to 1: what is missing it waited for the client, or did not get
	own  float64     // of the client, likewise
	lost float64     // of the time of both ends, 0 to 1, to other programs on their cores
	of   percentiles // of a message, when there is one at a time; in an open loop from when it was due
}

type percentiles struct{ p50, p99, p999 time.Duration }

// compareEcho puts each server under each load, and prints how their rates compare.
func compareEcho(tcptune, others, words string, rounds int, each time.Duration) error {
	cases := chosen(words)
	if err := isolate(); err != nil {
		return err
	}
	cores, err := twoCores()
	if err != nil {
		return err
	}
	if err := raiseOpenFiles(idleConnections + firstConnections + 200); err != nil {
		return err
	}
	servers, missing := echoServers(tcptune, others)
	for _, s := range missing {
		fmt.Printf("\n%s: not compared, since %s is not there\n", s.name, s.argv[0])
	}
	b := echoBench{servers: servers, cores: cores, each: each}
	samples, err := takeTurns(b, rounds, cases, func(s echoServer, c echoCase) (echoSample, error) {
		return calmest(func() (echoSample, error) { return b.sample(s, c) })
	})
	if err != nil {
		return err
	}
	if len(cases) > 0 {
		echoTable(os.Stdout, servers, cases, samples)
	}
	for _, part := range []struct {
		word    string
		compare func(echoBench, int) error
	}{{"tail", compareTails}, {"scaling", compareScaling}, {"starve", compareStarving}} {
		if words != "" && !strings.Contains(words, part.word) {
			continue
		}
		if err := part.compare(b, rounds); err != nil {
			return err
		}
	}
	if words != "" && !strings.Contains(words, "idle") {
		return nil
	}
	idle, err := takeTurns(b, rounds, []echoCase{idleCase}, b.idle)
	if err != nil {
		return err
	}
	idleTable(os.Stdout, servers, idleConnections, idle[0])
	return nil
}

type echoBench struct {
	servers []echoServer
	cores   cores
	each    time.Duration
}

// only is the comparison of those of these servers that are there.
func (b echoBench) only(names ...string) echoBench {
	b.servers = slices.DeleteFunc(slices.Clone(b.servers), func(s echoServer) bool { return !slices.Contains(names, s.name) })
	return b
}

// takeTurns takes a sample of each server for each case, in a new order of servers each round. The result has a list of
// rounds for each server of each case.
func takeTurns[S any](
	b echoBench,
	rounds int,
	cases []echoCase,
	take func(echoServer, echoCase) (S, error),
) ([][][]S, error) {
	samples := make([][][]S, len(cases))
	for range rounds {
		for i, c := range cases {
			if samples[i] == nil {
				samples[i] = make([][]S, len(b.servers))
			}
			for _, j := range rand.Perm(len(b.servers)) {
				s, err := take(b.servers[j], c)
				if err != nil {
					return nil, fmt.Errorf("%s, %v: %w", b.servers[j].name, c, err)
				}
				samples[i][j] = append(samples[i][j], s)
			}
		}
	}
	return samples, nil
}

// sample runs a fresh server and puts it under load.
func (b echoBench) sample(server echoServer, c echoCase) (echoSample, error) {
	return b.run(server, c, []int{b.cores.server}, b.load(c))
}

// run has a fresh server, on these cores, under this load, which is one of the case.
func (b echoBench) run(server echoServer, c echoCase, only []int, o bench.Options) (s echoSample, err error) {
	server, can := server.speaking(c.protocol)
	if !can {
		return s, nil
	}
	process, err := server.start(echoAddress, only...)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, process.stop(err != nil)) }()
	return b.measure(process, o)
}

// load is the load of a case, from one thread on a core of its own.
func (b echoBench) load(c echoCase) bench.Options {
	return bench.Options{
		Target: bench.Target{Name: echoAddress.String(), Addr: echoAddress}, Protocol: c.protocol, Size: c.size,
		Conns: c.connections, Pipeline: c.depth, Warmup: warmup, Duration: b.each, Timeout: 10 * time.Second,
		Workers: 1, CPUs: []int{b.cores.client},
	}
}

func (b echoBench) measure(process *echoProcess, o bench.Options) (echoSample, error) {
	var clocks []echoClock
	o.Mark = func() error {
		now, err := process.clock()
		clocks = append(clocks, now)
		return err
	}
	r, err := bench.Run(context.Background(), o, nil)
	switch {
	case err != nil:
		return echoSample{}, err
	case r.Requests.Failed > 0:
		return echoSample{}, fmt.Errorf("%d requests failed: %v", r.Requests.Failed, r.Errors)
	}
	of := r.Latency.Actual
	if o.Rate > 0 {
		of = r.Latency.Intended
	}
	if of == nil {
		return echoSample{}, errors.New("nothing was answered in time: the machine is busy")
	}
	used, lost := clocks[1].cpu-clocks[0].cpu, clocks[1].waited-clocks[0].waited
	long := b.each.Seconds()
	micro := func(us float64) time.Duration { return time.Duration(us * float64(time.Microsecond)) }
	return echoSample{
		rate: r.Rate,
		cpu:  float64(used) / (r.Rate * long),
		busy: used.Seconds() / long,
		own:  (clocks[1].own - clocks[0].own).Seconds() / long,
		lost: lost.Seconds() / long,
		of:   percentiles{micro(of.P50), micro(of.P99), micro(of.P999)},
	}, nil
}

// raiseOpenFiles raises the limit of open files for this process and, unlike what Go does by itself, for those it
// starts.
func raiseOpenFiles(least int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Max < uint64(least) {
		return fmt.Errorf("cannot open %d files: the hard limit is %d", least, limit.Max)
	}
	limit.Cur = limit.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}
