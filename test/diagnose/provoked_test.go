package diagnosetest

import (
	"fmt"
	"slices"
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

// tried has a situation made and looked at, and again, thrice at most, where something is wrong and diagnose says itself that
// this machine was short of processors: what makes a situation needs its moments as well.
func tried(t *testing.T, name string, once func(t *testing.T) (r diagnose.Result, wrong []string)) bool {
	t.Helper()
	return t.Run(name, func(t *testing.T) {
		for left := 2; ; left-- {
			var r diagnose.Result
			var wrong []string
			if !t.Run("once", func(t *testing.T) { r, wrong = once(t); t.Log(show(r)) }) || wrong == nil {
				return
			}
			busy := slices.Contains(named(r.Findings, rules.Certain, rules.Likely, rules.Hint), "cpu-pressure")
			if left == 0 || !busy {
				t.Fatal(strings.Join(wrong, "; "))
			}
			t.Logf("on a machine short of processors: %s", strings.Join(wrong, "; "))
		}
	})
}

// least are the certainties from one up.
func least(certainty string) []string {
	if certainty == rules.Certain {
		return []string{rules.Certain}
	}
	return []string{rules.Certain, rules.Likely}
}
