package provision

import (
	"strings"
	"testing"

	"github.com/tcptune/tcptune/diagnose"
	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// Every key that a rule advises is one that a profile can hold, and of two values for a key the surer one counts.
func TestWhatIsAdvisedMakesAProfile(t *testing.T) {
	all, err := rules.Load()
	if err != nil {
		t.Fatal(err)
	}
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	values := strings.NewReplacer("{window_wanted}", "8388608", "{buffer_wanted}", "8388608", "{port_range}", "10240 65535",
		"{rmem_min} {rmem_default}", "4096 131072", "{wmem_min} {wmem_default}", "4096 16384", "{mem_wanted}", "1500 2000 3000")
	var found []report.Limit
	for _, r := range all {
		l := report.Limit{Rule: r.ID, Certainty: rules.Likely, Target: "port 443", Evidence: "a line: \"with\" # and {}"}
		for _, a := range r.Advice {
			value := values.Replace(a.Value)
			if strings.HasPrefix(value, "{") {
				value = "65535"
			}
			l.Advice = append(l.Advice, report.Advised{Kind: string(a.Kind), Target: a.Target, Value: value})
		}
		found = append(found, l)
	}
	wishes := advised(cat, found)
	if len(wishes) < 10 {
		t.Fatalf("%d keys are advised: %v", len(wishes), wishes)
	}
	if err := profile.Verify(host.Host{}, cat, "measured", profile.Render("measured", "of a test", wishes)); err != nil {
		t.Error(err)
	}
	for certainty, want := range map[string]int{rules.Certain: 1, rules.Likely: 1, rules.Hint: 0} {
		found[0].Certainty = certainty
		if got := advised(cat, found[:1]); len(got) != want {
			t.Errorf("%s: %v, want %d keys", certainty, got, want)
		}
	}
	found[0].Certainty, found[0].Namespace = rules.Certain, "blue"
	if got := advised(cat, found[:1]); got != nil {
		t.Errorf("keys of another namespace: %v", got)
	}
}

// What went is what was looked for and not found, where there was something to see it by.
func TestAFindingHasGoneWhereItWasLookedFor(t *testing.T) {
	limit := func(rule, target, namespace string) report.Limit {
		return report.Limit{Rule: rule, Target: target, Namespace: namespace}
	}
	now := []report.Limit{limit("loss", "port 1", ""), limit("loss", "port 2", "")}
	r := report.Report{Findings: &now, Observed: []report.Observed{
		{Unknown: []report.Unjudged{{Rule: "descriptors", Target: "host"}}}, {Namespace: "blue"},
	}}
	compare(&r, &earlier{found: []report.Limit{
		limit("loss", "port 1", ""), limit("pmtu", "port 3", ""), limit("pmtu", "port 3", "blue"), limit("pmtu", "port 3", "green"),
		limit("descriptors", "unit a.service", ""), limit("loss", "port 4", "blue"), limit("syn-queue", "port 5", "blue"),
	}}, map[string]diagnose.Judged{
		"":     {{"pmtu", "port 3"}: true, {"descriptors", "unit a.service"}: true, {"loss", "port 4"}: true},
		"blue": {{"pmtu", "port 3"}: true, {"loss", "port 4"}: false, {"syn-queue", ""}: true},
	})
	if got := strings.Join(r.Observed[0].Gone, ", "); got != "pmtu port 3, pmtu port 3 blue, syn-queue port 5 blue" {
		t.Errorf("gone: %q", got)
	}
	if u := r.Observed[1].Unknown; len(u) != 1 || u[0].Rule != "loss" || u[0].Target != "port 4" {
		t.Errorf("unknown: %+v, want what nothing was seen of", u)
	}
	if now[0].New || !now[1].New {
		t.Errorf("new: %v and %v, want the second alone", now[0].New, now[1].New)
	}
}
