package rules

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryLimitHasOneRule(t *testing.T) {
	all, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range all {
		if slices.Contains(ids, r.ID) {
			t.Errorf("%s has two entries", r.ID)
		}
		ids = append(ids, r.ID)
		if r.Words == "" || r.Evidence == "" || r.Check == "" || r.Source == "" || r.Weight == "" {
			t.Errorf("%s: words, evidence, weight, check or source is missing", r.ID)
		}
		if len(r.Hint)+len(r.Likely)+len(r.Certain) == 0 {
			t.Errorf("%s holds always", r.ID)
		}
		if slices.Contains(IDs(), r.ID) && len(r.Advice) == 0 {
			t.Errorf("%s advises nothing", r.ID)
		}
		for _, id := range r.Unless {
			if id != "any" && !slices.Contains(IDs(), id) {
				t.Errorf("%s: no rule %s", r.ID, id)
			}
		}
	}
	for _, id := range IDs() {
		if !slices.Contains(ids, id) {
			t.Errorf("%s has no rule", id)
		}
	}
}

// rule is one that is sure from 10 on, likely from 5 on.
func rule() Rule {
	return Rule{
		ID: "loss", Of: "port", Certain: []string{"lost >= 10"}, Likely: []string{"lost >= 5"}, Weight: "share",
		Evidence: "{lost} of {all}, {share:pct}",
		Advice:   []Advice{{When: []string{"bbr == 1"}, Kind: Key, Value: "bbr"}, {Kind: Elsewhere, Value: "{network}"}},
	}
}

func seen(name string, lost float64) Subject {
	s := NewSubject("port", name)
	s.Figures["lost"], s.Figures["all"], s.Figures["share"], s.Words["network"] = lost, 100, lost/100, "192.0.2.0/24"
	return s
}

func TestTheFirstListThatHoldsSaysHowSure(t *testing.T) {
	for lost, want := range map[float64]string{20: Certain, 10: Certain, 9: Likely, 4: ""} {
		found, unjudged := Evaluate([]Rule{rule()}, []Subject{seen("port 1", lost)})
		got := ""
		if len(found) == 1 {
			got = found[0].Certainty
		}
		if got != want || unjudged != nil {
			t.Errorf("%v lost: got %q, want %q; %v", lost, got, want, unjudged)
		}
	}
}

// What comes and goes may be there at each of a few looks.
func TestWhatIsOnlySeenAtLooksTakesSomeToBeCertain(t *testing.T) {
	sampled := rule()
	sampled.Sampled = true
	for _, tc := range []struct {
		rule  Rule
		looks float64
		want  string
	}{{rule(), 2, Certain}, {sampled, 2, Likely}, {sampled, FewLooks, Likely}, {sampled, FewLooks + 1, Certain}} {
		s := seen("port 1", 20)
		s.Figures["looks"] = tc.looks
		if found, _ := Evaluate([]Rule{tc.rule}, []Subject{s}); len(found) != 1 || found[0].Certainty != tc.want {
			t.Errorf("%v looks, sampled %v: got %+v, want %s", tc.looks, tc.rule.Sampled, found, tc.want)
		}
	}
}

// Who waits for a processor reads late, and is not to blame.
func TestWhatIsOnlySeenAtLooksIsLikelyOnABusyMachine(t *testing.T) {
	sampled, busy := rule(), Rule{ID: "cpu-pressure", Of: "host", Hint: []string{"cpu_stalled >= 0.5"}}
	sampled.Sampled = true
	for _, tc := range []struct {
		rule    Rule
		stalled float64
		want    string
	}{{rule(), 0.9, Certain}, {sampled, 0.1, Certain}, {sampled, 0.9, Likely}} {
		s := seen("port 1", 20)
		s.Figures["looks"] = FewLooks + 1
		machine := Subject{Kind: "host", Name: "host", Figures: map[string]float64{"cpu_stalled": tc.stalled}}
		if found, _ := Evaluate([]Rule{tc.rule, busy}, []Subject{s, machine}); len(found) == 0 || found[0].Certainty != tc.want {
			t.Errorf("%v stalled, sampled %v: got %+v, want %s", tc.stalled, tc.rule.Sampled, found, tc.want)
		}
	}
}

func TestEvidenceAndAdviceHoldWhatWasSeen(t *testing.T) {
	found, _ := Evaluate([]Rule{rule()}, []Subject{seen("port 1", 12)})
	if len(found) != 1 || found[0].Evidence != "12 of 100, 12 %" {
		t.Fatalf("got %+v", found)
	}
	if a := found[0].Advice; len(a) != 1 || a[0].Value != "192.0.2.0/24" {
		t.Errorf("bbr is advised where it is not known to be there: %+v", a)
	}
}

func TestUnknownIsNoFindingAndIsSaid(t *testing.T) {
	s := seen("port 1", 0)
	delete(s.Figures, "lost")
	s.Unknown["lost"] = "the counter went back"
	found, unjudged := Evaluate([]Rule{rule()}, []Subject{s})
	if found != nil || len(unjudged) != 1 || unjudged[0].Why != "the counter went back" {
		t.Errorf("got %+v, %+v", found, unjudged)
	}
	r := rule()
	r.Certain, r.Likely = []string{"lost >= 1", "all >= 1000"}, nil
	if _, unjudged := Evaluate([]Rule{r}, []Subject{s}); unjudged != nil {
		t.Errorf("a condition that fails decides, whatever else is unknown: %+v", unjudged)
	}
}

func TestWhatIsNotThereIsNoFinding(t *testing.T) {
	s := seen("port 1", 0)
	delete(s.Figures, "lost")
	if found, unjudged := Evaluate([]Rule{rule()}, []Subject{s}); found != nil || unjudged != nil {
		t.Errorf("got %+v, %+v", found, unjudged)
	}
}

func TestAReasonExplainsOnlyWhatDependsOnIt(t *testing.T) {
	cause := Rule{ID: "descriptors", Of: "process", Certain: []string{"full == 1"}}
	effect := rule()
	effect.Unless = []string{"descriptors"}
	p := NewSubject("process", "unit a.service")
	p.Figures["full"] = 1
	own, other := seen("port 1", 20), seen("port 2", 20)
	own.Related = []string{"unit a.service"}
	found, _ := Evaluate([]Rule{cause, effect}, []Subject{p, own, other})
	var got []string
	for _, f := range found {
		got = append(got, f.Rule+" "+f.Target)
	}
	slices.Sort(got)
	if want := "descriptors unit a.service, loss port 2"; strings.Join(got, ", ") != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFindingsComeByCertaintyAndWeight(t *testing.T) {
	found, _ := Evaluate([]Rule{rule()}, []Subject{seen("port 1", 6), seen("port 2", 11), seen("port 3", 30), seen("port 4", 8)})
	var got []string
	for _, f := range found {
		got = append(got, f.Target)
	}
	if want := []string{"port 3", "port 2", "port 4", "port 1"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestOnlyTheIdsMayBeMoreThanAHint(t *testing.T) {
	r := rule()
	r.ID = "weather"
	if r.valid() == nil {
		t.Error("a rule without a situation that provokes it is more than a hint")
	}
}
