package main

import (
	"fmt"
	"io"
	"os"
	"slices"
)

const (
	tailLoad  = 0.7 // of the rate that C reaches
	lightLoad = 0.1 // where a server wakes up for each message
	tailAim   = 1.2 // of C's p99.9, under tailLoad
)

var tailCases = []echoCase{rawCase(50, 1), rawCase(1000, 1)}

// compareTails has servers answer at a rate that leaves them room, the same for all, and prints how long the slowest
// answers take, from when their requests are due.
func compareTails(b echoBench, rounds int) error {
	b = b.only(rowServer, rowGoroutine, rowC)
	c := b.only(rowC)
	if len(c.servers) == 0 {
		fmt.Printf("\nno p99.9 at %.0f %% of C's rate: it is not there\n", 100*tailLoad)
		return nil
	}
	most, err := takeTurns(c, 3, tailCases, func(s echoServer, load echoCase) (echoSample, error) {
		return calmest(func() (echoSample, error) { return b.sample(s, load) })
	})
	if err != nil {
		return err
	}
	for _, share := range []float64{tailLoad, lightLoad} {
		rates := map[echoCase]float64{}
		for i, load := range tailCases {
			rates[load] = share * medianOf(most[i][0], func(s echoSample) float64 { return s.rate })
		}
		samples, err := takeTurns(b, rounds, tailCases, func(s echoServer, load echoCase) (echoSample, error) {
			return calmest(func() (echoSample, error) { return b.paced(s, load, rates[load]) })
		})
		if err != nil {
			return err
		}
		tailTable(os.Stdout, b.servers, share, rates, samples)
	}
	return nil
}

// paced is a sample in an open loop.
func (b echoBench) paced(server echoServer, c echoCase, rate float64) (echoSample, error) {
	o := b.load(c)
	o.Rate = rate
	return b.run(server, c, []int{b.cores.server}, o)
}

func tailTable(
	out io.Writer, servers []echoServer, share float64, rates map[echoCase]float64, samples [][][]echoSample,
) {
	some, all := disturbed(samples)
	fmt.Fprintf(out, "\nLatency at %.0f %% of the rate that C reaches, from when a request is due; %d rounds, medians,\n"+
		"and of ratios to C the median of those within a round. Of %d samples %d lost more than %.0f%% of\n"+
		"their time to other programs\n",
		100*share, len(samples[0][0]), all, some, 100*calm)
	inC := slices.IndexFunc(servers, func(s echoServer) bool { return s.name == rowC })
	for i, c := range tailCases {
		fmt.Fprintf(out, "\n%-32s %9s %6s %6s %7s %7s %7s %6s\n",
			c, "msg/s", "core", "x C", "p50 us", "p99 us", "p99.9", "x C")
		for j, s := range servers {
			of := samples[i][j]
			ratio := ofC(of, samples[i][inC], func(s echoSample) float64 { return float64(s.of.p999) })
			core := ofC(of, samples[i][inC], func(s echoSample) float64 { return s.busy })
			verdict := ""
			if s.name == rowServer && share == tailLoad {
				verdict = fmt.Sprintf("  at most %.1f: %s", tailAim,
					map[bool]string{true: "met", false: "MISSED"}[ratio <= tailAim])
			}
			fmt.Fprintf(out, "%-32s %9.0f %5.0f%% %6.2f%s %6.2f%s\n", s.name, rates[c],
				medianOf(of, func(s echoSample) float64 { return 100 * s.busy }), core, latency(c, of), ratio, verdict)
		}
	}
}

// ofC is the median of the ratios within a round. Rounds in which one of both was disturbed count only when there is no
// other.
func ofC(ours, others []echoSample, figure func(echoSample) float64) float64 {
	var all, found []float64
	for round, s := range ours {
		other := others[round]
		r := figure(s) / max(figure(other), 1e-9)
		if all = append(all, r); max(s.lost, other.lost) <= calm {
			found = append(found, r)
		}
	}
	if len(found) == 0 {
		found = all
	}
	return medianOf(found, func(r float64) float64 { return r })
}
