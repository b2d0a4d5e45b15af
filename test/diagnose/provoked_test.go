package diagnosetest

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tcptune/tcptune/diagnose"
	"github.com/tcptune/tcptune/diagnose/rules"
)

const looksFor = 3 * time.Second

func TestEachSituationIsNamedAndNothingElseIsCertain(t *testing.T) {
	needsRoot(t)
	for name, tc := range situations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var before float64
			var advice []rules.Advice
			if !tried(t, "as it is", func(t *testing.T) (r diagnose.Result, wrong []string) {
				s := newStage(t, tc.shape)
				tc.make(s, false)
				s.settle()
				r, advice = s.look(looksFor), nil
				if !slices.Contains(named(r.Findings, least(tc, r)...), tc.rule) {
					wrong = append(wrong, tc.rule+" is not named")
				}
				for _, other := range named(r.Findings, rules.Certain) {
					if other != tc.rule {
						wrong = append(wrong, other+" is certain as well")
					}
				}
				for _, f := range r.Findings {
					if f.Rule == tc.rule {
						advice = append(advice, f.Advice...)
					}
				}
				if tc.figure != nil {
					before = s.measure(tc.figure)
				}
				return r, wrong
			}) || tc.stays != "" {
				return
			}
			tried(t, "as advised", func(t *testing.T) (r diagnose.Result, wrong []string) {
				s := newStage(t, tc.shape)
				s.advice = advice
				tc.make(s, true)
				s.flows()
				s.settle()
				r = s.look(looksFor)
				if found := named(r.Findings, rules.Certain, rules.Likely); slices.Contains(found, tc.rule) {
					wrong = append(wrong, tc.rule+" is still named")
				}
				if tc.grows == 0 {
					return r, wrong
				}
				after := s.measure(tc.figure)
				t.Logf("the figure went from %.4g to %.4g", before, after)
				if after < tc.grows*before {
					wrong = append(wrong, fmt.Sprintf("the figure went from %.4g to %.4g, want %g times as much", before, after, tc.grows))
				}
				return r, wrong
			})
		})
	}
}

// tried has something looked at as [again] has it, in a test of its own, which fails where something is wrong at last.
func tried(t *testing.T, name string, once func(t *testing.T) (r diagnose.Result, wrong []string)) bool {
	t.Helper()
	return t.Run(name, func(t *testing.T) {
		if wrong := again(t, once); wrong != nil {
			t.Fatal(strings.Join(wrong, "; "))
		}
	})
}

// again has a situation made and looked at, and again, four times at most, where something is wrong and this machine was short
// of processors: what makes a situation needs its moments as well.
func again(t *testing.T, once func(t *testing.T) (r diagnose.Result, wrong []string)) (wrong []string) {
	t.Helper()
	for left := 3; ; left-- {
		begin, short := time.Now(), waited(t)
		made := t.Run("once", func(t *testing.T) {
			var r diagnose.Result
			r, wrong = once(t)
			t.Log(show(r))
		})
		share := float64(waited(t)-short) / float64(time.Since(begin))
		if !made || wrong == nil || left == 0 || share < 0.2 {
			return wrong
		}
		t.Logf("%s, while programs waited for a processor %.0f %% of the time", strings.Join(wrong, "; "), 100*share)
	}
}

// waited is how long some program of this machine has waited for a processor (Documentation/accounting/psi.rst), or a
// hypervisor has kept one from it; 0 where the kernel does not count.
func waited(t *testing.T) time.Duration {
	t.Helper()
	text, err := os.ReadFile("/proc/pressure/cpu")
	if err != nil {
		t.Logf("how busy this machine is cannot be told: %v", err)
		return 0
	}
	_, total, _ := strings.Cut(strings.SplitN(string(text), "\n", 2)[0], "total=")
	us, err := strconv.ParseInt(total, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		t.Fatal(err)
	}
	stolen, err := strconv.ParseInt(strings.Fields(string(stat))[8], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(us)*time.Microsecond + time.Duration(stolen)*10*time.Millisecond
}

// least are the certainties that will do. What is only seen at looks is likely on a busy machine.
func least(tc situation, r diagnose.Result) []string {
	busy := slices.Contains(named(r.Findings, rules.Hint), "cpu-pressure")
	if tc.says == rules.Certain && !(busy && (tc.rule == "slow-reader" || tc.rule == "bufferbloat")) {
		return []string{rules.Certain}
	}
	return []string{rules.Certain, rules.Likely}
}
