package diagnosetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tcptune/tcptune/diagnose"
	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/test/busy"
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

// tried has a situation made and looked at as [busy.Again] does, in a test of its own, which fails where something is wrong at
// last: what makes a situation needs its moments as well.
func tried(t *testing.T, name string, once func(t *testing.T) (r diagnose.Result, wrong []string)) bool {
	t.Helper()
	return t.Run(name, func(t *testing.T) {
		if wrong := again(t, once); wrong != nil {
			t.Fatal(strings.Join(wrong, "; "))
		}
	})
}

func again(t *testing.T, once func(t *testing.T) (r diagnose.Result, wrong []string)) (wrong []string) {
	t.Helper()
	return busy.Again(t, func(t *testing.T) []string {
		r, wrong := once(t)
		t.Log(show(r))
		return wrong
	})
}

// least are the certainties that will do. What is only seen at looks is likely on a busy machine.
func least(tc situation, r diagnose.Result) []string {
	short := slices.Contains(named(r.Findings, rules.Hint), "cpu-pressure")
	if tc.says == rules.Certain && !(short && (tc.rule == "slow-reader" || tc.rule == "bufferbloat")) {
		return []string{rules.Certain}
	}
	return []string{rules.Certain, rules.Likely}
}
