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
				if !slices.Contains(named(r.Findings, least(tc.says)...), tc.rule) {
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

// tried has a situation made and looked at, and again, four times at most, where something is wrong and this machine was short
// of processors: what makes a situation needs its moments as well.
func tried(t *testing.T, name string, once func(t *testing.T) (r diagnose.Result, wrong []string)) bool {
	t.Helper()
	return t.Run(name, func(t *testing.T) {
		for left := 3; ; left-- {
			var wrong []string
			begin, short := time.Now(), waited(t)
			if !t.Run("once", func(t *testing.T) {
				var r diagnose.Result
				r, wrong = once(t)
				t.Log(show(r))
			}) || wrong == nil {
				return
			}
			share := float64(waited(t)-short) / float64(time.Since(begin))
			if left == 0 || share < 0.2 {
				t.Fatalf("%s (programs waited for a processor %.0f %% of the time)", strings.Join(wrong, "; "), 100*share)
			}
			t.Logf("programs waited for a processor %.0f %% of the time: %s", 100*share, strings.Join(wrong, "; "))
		}
	})
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

// least are the certainties from one up.
func least(certainty string) []string {
	if certainty == rules.Certain {
		return []string{rules.Certain}
	}
	return []string{rules.Certain, rules.Likely}
}
