package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/tcptune/tcptune/bench"
)

// scalingCases are one in which the client has as much to do as the server, and one in which the server has: so of the
// first no more can come from two cores than the client leaves.
var scalingCases = []echoCase{rawCase(1000, 1), starveCase}

// place is where both ends run, and with how many loops.
type place struct {
	name   string
	loops  int
	shared bool // both ends on both cores, or each on its own
}

var places = []place{
	{"one loop, a core for each end", 1, false},
	{"one loop, both on both cores", 1, true},
	{"two loops, both on both cores", 2, true},
}

// compareScaling puts two loops on two cores beside one. The client takes its share of these, and that is told.
func compareScaling(b echoBench, rounds int) error {
	b = b.only(rowServer)
	if len(b.servers) == 0 {
		return nil
	}
	ours := b.servers[0]
	b.servers = nil
	for _, p := range places {
		// One more than there are loops, see server.Loops.
		b.servers = append(b.servers, echoServer{name: p.name, argv: ours.argv, env: []string{fmt.Sprint("GOMAXPROCS=", p.loops+1)}})
	}
	samples, err := takeTurns(b, rounds, scalingCases, func(s echoServer, c echoCase) (echoSample, error) {
		p := places[slices.IndexFunc(places, func(p place) bool { return p.name == s.name })]
		s.name = rowServer // for the protocols that it knows
		o, only := b.load(c), []int{b.cores.server}
		if p.shared {
			o.CPUs, only = nil, b.cores.all()
		}
		if c.protocol == bench.Frame {
			o.Payload = []byte(starveQuestion)
		}
		return b.run(s, c, only, o)
	})
	if err != nil {
		return err
	}
	scalingTable(os.Stdout, samples)
	return nil
}

func scalingTable(out io.Writer, samples [][][]echoSample) {
	fmt.Fprintf(out, "\nOne loop and two, on two cores that the client, one thread, needs as well; cores: of which each end had so much time;\n"+
		"%d rounds, medians, and medians of the ratios within a round\n", len(samples[0][0]))
	for i, c := range scalingCases {
		fmt.Fprintf(out, "\n%-32s %9s %6s %7s %9s %9s %7s\n", c, "msg/s", "x one", "CPU ns", "server", "client", "p99 us")
		for j, p := range places {
			of := func(f func(echoSample) float64) float64 { return medianOf(samples[i][j], f) }
			var ratios []float64
			for round, s := range samples[i][j] {
				ratios = append(ratios, s.rate/samples[i][0][round].rate)
			}
			fmt.Fprintf(out, "%-32s %9.0f %6.2f %7.0f %9.2f %9.2f %7.0f\n", p.name, of(func(s echoSample) float64 { return s.rate }),
				medianOf(ratios, func(r float64) float64 { return r }), of(func(s echoSample) float64 { return s.cpu }),
				of(func(s echoSample) float64 { return s.busy }), of(func(s echoSample) float64 { return s.own }),
				of(func(s echoSample) float64 { return float64(s.of.p99.Microseconds()) }))
		}
	}
}
