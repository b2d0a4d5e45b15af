package diagnosetest

import (
	"slices"
	"testing"
	"time"

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
			t.Run("as it is", func(t *testing.T) {
				s := newStage(t, tc.shape)
				tc.make(s, false)
				s.settle()
				r := s.look(looksFor)
				t.Log(show(r))
				if !slices.Contains(named(r.Findings, least(tc.says)...), tc.rule) {
					t.Errorf("%s is not named", tc.rule)
				}
				for _, other := range named(r.Findings, rules.Certain) {
					if other != tc.rule {
						t.Errorf("%s is certain as well", other)
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
			})
			if tc.stays != "" {
				return
			}
			t.Run("as advised", func(t *testing.T) {
				s := newStage(t, tc.shape)
				s.advice = advice
				tc.make(s, true)
				s.flows()
				s.settle()
				r := s.look(looksFor)
				t.Log(show(r))
				if found := named(r.Findings, rules.Certain, rules.Likely); slices.Contains(found, tc.rule) {
					t.Errorf("%s is still named", tc.rule)
				}
				if tc.grows == 0 {
					return
				}
				if after := s.measure(tc.figure); after < tc.grows*before {
					t.Errorf("the figure went from %.4g to %.4g, want %g times as much", before, after, tc.grows)
				} else {
					t.Logf("the figure went from %.4g to %.4g", before, after)
				}
			})
		})
	}
}

// least are the certainties from one up.
func least(certainty string) []string {
	if certainty == rules.Certain {
		return []string{rules.Certain}
	}
	return []string{rules.Certain, rules.Likely}
}
