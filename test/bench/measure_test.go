package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTableComparesMedians(t *testing.T) {
	ms := func(walls ...int) (s []sample) {
		for _, w := range walls {
			s = append(s, sample{wall: time.Duration(w) * time.Millisecond, cpu: time.Millisecond})
		}
		return s
	}
	commands := []command{{name: "tcptune status", aim: 20}, {name: "sysctl --system", aim: 1}, {name: "sysctl -a"}}
	var out strings.Builder
	table(&out, commands, [][]sample{ms(9, 1, 5), ms(10, 10, 500), ms(20, 19, 21)})
	const want = `3 rounds, interleaved; milliseconds, from exec to exit

                  median      cpu x sysctl --system x sysctl -a  aim
tcptune status      5.00     1.00              0.50        0.25  20 met
sysctl --system    10.00     1.00              1.00        0.50  1 MISSED
sysctl -a          20.00     1.00              2.00        1.00
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestMedianOfAnEvenNumberIsBetweenTheMiddleTwo(t *testing.T) {
	s := []sample{{wall: 4 * time.Millisecond}, {wall: 1 * time.Millisecond}, {wall: 2 * time.Millisecond}, {wall: 9 * time.Millisecond}}
	if got := median(s, func(s sample) time.Duration { return s.wall }); got != 3 {
		t.Errorf("median = %v, want 3", got)
	}
}

func TestACommandThatFailsEndsTheComparison(t *testing.T) {
	_, err := command{name: "x", argv: []string{"sh", "-c", "echo broken >&2; exit 3"}, good: []int{2}}.time()
	if err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("error = %v, want what the command said", err)
	}
	if _, err := (command{argv: []string{"sh", "-c", "exit 2"}, good: []int{2}}).time(); err != nil {
		t.Errorf("a good exit status: %v", err)
	}
}
