package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

const echoAim = 0.95 // of the rate of the plain net server

// echoTable prints a block for each case, and what the aim says about tcptune-server.
func echoTable(out io.Writer, servers []echoServer, cases []echoCase, samples [][][]echoSample) {
	some, all := disturbed(samples)
	fmt.Fprintf(
		out,
		"\nEcho, each answer compared; server on one core, client on the other; %d rounds, interleaved, a fresh\n"+
			"server each time; medians, and medians of the ratios within a round. CPU of the server: nanoseconds for a message,\n"+
			"and the share of its core. Of %d samples %d lost more than %.0f%% of their time to other programs, %d times over\n",
		len(samples[0][0]),
		all,
		some,
		100*calm,
		attempts,
	)
	var verdicts []string
	for i, c := range cases {
		fmt.Fprintf(
			out,
			"\n%-32s %9s %6s %6s %6s %6s %7s %7s %7s\n",
			c,
			"msg/s",
			"x net",
			"x C",
			"CPU ns",
			"core",
			"p50 us",
			"p99 us",
			"p99.9",
		)
		for j, s := range servers {
			if samples[i][j][0].rate == 0 {
				continue
			}
			toNet, toC := ratio(servers, samples[i], j, rowNet), ratio(servers, samples[i], j, rowC)
			fmt.Fprintf(out, "%-32s %9.0f %6s %6s %6.0f %5.0f%%%s\n", s.name,
				medianOf(samples[i][j], func(s echoSample) float64 { return s.rate }), toNet, toC,
				medianOf(samples[i][j], func(s echoSample) float64 { return s.cpu }),
				medianOf(samples[i][j], func(s echoSample) float64 { return 100 * s.busy }), latency(c, samples[i][j]))
			if s.name == rowServer && toNet.known {
				verdicts = append(
					verdicts,
					fmt.Sprintf("%s: at least %.2f of %s, %v: %v, %s", rowServer, echoAim, rowNet, c, toNet, toNet.verdict()),
				)
			}
		}
	}
	for _, v := range verdicts {
		fmt.Fprintf(out, "\n%s", v)
	}
	fmt.Fprintln(out)
}

// latency prints the median of both percentiles; those of a whole burst would say nothing about a message.
func latency(c echoCase, samples []echoSample) string {
	if c.depth > 1 {
		return ""
	}
	us := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	return fmt.Sprintf(" %7.0f %7.0f %7.0f", medianOf(samples, func(s echoSample) float64 { return us(s.of.p50) }),
		medianOf(samples, func(s echoSample) float64 { return us(s.of.p99) }),
		medianOf(samples, func(s echoSample) float64 { return us(s.of.p999) }))
}

// comparison is how two servers compare, if the other one is there.
type comparison struct {
	value       float64 // of the rates
	cpu         float64 // of the messages for the same CPU time, which says more when the machine is busy
	known, calm bool
}

func (c comparison) String() string {
	if !c.known {
		return "-"
	}
	return fmt.Sprintf("%.2f", c.value)
}

func (c comparison) verdict() string {
	verdict := "met"
	if c.value < echoAim {
		verdict = "MISSED"
	}
	if !c.calm {
		verdict += fmt.Sprintf(", but the machine was busy; for the same CPU time: %.2f", c.cpu)
	}
	return verdict
}

// ratio compares server j with the server of that name, by round, since a machine is not equally fast all the time.
// Rounds in which one of them was disturbed count only when there is no other.
func ratio(servers []echoServer, samples [][]echoSample, j int, to string) comparison {
	k := slices.IndexFunc(servers, func(s echoServer) bool { return s.name == to })
	if k < 0 || samples[k][0].rate == 0 {
		return comparison{}
	}
	var all, undisturbed []comparison
	for round, s := range samples[j] {
		other := samples[k][round]
		c := comparison{value: s.rate / other.rate, cpu: other.cpu / s.cpu}
		all = append(all, c)
		if max(s.lost, other.lost) <= calm {
			undisturbed = append(undisturbed, c)
		}
	}
	result := comparison{known: true, calm: len(undisturbed) > 0}
	if result.calm {
		all = undisturbed
	}
	result.value = medianOf(all, func(c comparison) float64 { return c.value })
	result.cpu = medianOf(all, func(c comparison) float64 { return c.cpu })
	return result
}

// idleTable prints what an idle connection costs each server.
func idleTable(out io.Writer, servers []echoServer, connections int, samples [][]idleSample) {
	fmt.Fprintf(
		out,
		"\nBytes for an idle connection, of %d after one message each; user: resident set of the server; kernel: slabs and\n"+
			"TCP buffers of the machine, half of both ends; %d rounds, medians\n\n",
		connections,
		len(samples[0]),
	)
	fmt.Fprintf(out, "%-32s %7s %7s\n", "", "user", "kernel")
	for j, s := range servers {
		fmt.Fprintf(out, "%-32s %7.0f %7.0f\n", s.name, medianOf(samples[j], func(s idleSample) float64 { return s.user }),
			medianOf(samples[j], func(s idleSample) float64 { return s.kernel }))
	}
}
