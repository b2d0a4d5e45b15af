package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheSlowestAnswersAreComparedWithinARound(t *testing.T) {
	ms := time.Millisecond
	of := func(lost float64, p999 time.Duration) echoSample {
		return echoSample{rate: 1, busy: p999.Seconds() * 100, lost: lost, of: percentiles{1 * ms, 1 * ms, p999}}
	}
	servers := []echoServer{{name: rowServer}, {name: rowC}}
	quiet, noisy := calm/2, calm*2
	samples := [][][]echoSample{
		{ // the second round was slow for both, the third disturbed
			{of(quiet, 1*ms), of(quiet, 12*ms), of(noisy, 9*ms)},
			{of(quiet, 1*ms), of(quiet, 10*ms), of(quiet, 1*ms)},
		},
		{
			{of(noisy, 3*ms), of(noisy, 4*ms), of(noisy, 5*ms)},
			{of(quiet, 1*ms), of(quiet, 2*ms), of(quiet, 1*ms)},
		},
	}
	var out strings.Builder
	tailTable(&out, servers, tailLoad, map[echoCase]float64{tailCases[0]: 70, tailCases[1]: 7}, samples)
	const want = `
raw of 64 bytes: 50 x 1              msg/s   core    x C  p50 us  p99 us   p99.9    x C
tcptune-server, loop                    70    90%   1.10    1000    1000    9000   1.10  at most 1.2: met
C, epoll                                70    10%   1.00    1000    1000    1000   1.00

raw of 64 bytes: 1000 x 1            msg/s   core    x C  p50 us  p99 us   p99.9    x C
tcptune-server, loop                     7    40%   3.00    1000    1000    4000   3.00  at most 1.2: MISSED
C, epoll                                 7    10%   1.00    1000    1000    1000   1.00
`
	_, body, _ := strings.Cut(out.String(), "other programs\n")
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestTwoLoopsAreComparedWithOneAndTheClientsShareIsTold(t *testing.T) {
	one := echoSample{rate: 100, cpu: 7000, busy: 1, own: 0.5}
	two := echoSample{rate: 150, cpu: 8000, busy: 1.3, own: 0.7, of: percentiles{p99: time.Millisecond}}
	round := [][]echoSample{{one}, {one}, {two}}
	var out strings.Builder
	scalingTable(&out, [][][]echoSample{round, round})
	if row := "two loops, both on both cores          150   1.50    8000      1.30      0.70    1000\n"; strings.Count(out.String(), row) != 2 {
		t.Errorf("no two rows %q in\n%s", row, &out)
	}
}
