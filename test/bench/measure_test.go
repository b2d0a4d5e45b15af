package main

import (
	"os/exec"
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
	s := []sample{
		{wall: 4 * time.Millisecond},
		{wall: 1 * time.Millisecond},
		{wall: 2 * time.Millisecond},
		{wall: 9 * time.Millisecond},
	}
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

// A process that this one starts by itself would begin with the peak of this one.
func TestThePeakOfMemoryIsThatOfTheCommand(t *testing.T) {
	if _, err := exec.LookPath("time"); err != nil {
		t.Skip("GNU time is not installed")
	}
	ours := make([]byte, 64<<20)
	for i := 0; i < len(ours); i += 4096 {
		ours[i] = 1
	}
	small, err := command{name: "true", argv: []string{"true"}}.peak()
	if err != nil || small <= 0 || small > 16 {
		t.Errorf("peak of true = %.1f MB, %v", small, err)
	}
	large, err := command{
		name: "head",
		argv: []string{"sh", "-c", "head -c 40000000 /dev/zero | tail -c 40000000 | exit 2"}, good: []int{2},
	}.peak()
	if err != nil || large < 38 {
		t.Errorf("peak of a tail that keeps 40 MB = %.1f MB, %v", large, err)
	}
	if ours[4096] != 1 {
		t.Error("our own memory was given back")
	}
}

func TestTheTableOfKillsJudgesTheAim(t *testing.T) {
	commands := []command{{name: rowKill}, {name: "fuser"}}
	ms := func(wall, ended int) []killSample {
		return []killSample{{sample{time.Duration(wall) * time.Millisecond, time.Millisecond}, time.Duration(ended) * time.Millisecond}}
	}
	for wall, word := range map[int]string{portKillTime: "met", portKillTime + 1: "MISSED"} {
		var out strings.Builder
		killTable(&out, commands, [][]killSample{ms(wall, 9), ms(500, 7)}, portKillTime)
		if got := out.String(); !strings.HasSuffix(got, word+"\n") || !strings.Contains(got, "     9.00\n") || !strings.Contains(got, "   500.00") {
			t.Errorf("after %d ms:\n%s", wall, got)
		}
	}
}
