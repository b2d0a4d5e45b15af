package provision

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/internal/report"
)

// A collector keeps each series for hours: there are few of them, and a program that is started anew makes no new one.
func TestFindingsHaveFewSeriesThatLast(t *testing.T) {
	limits := []report.Limit{
		{Rule: "descriptors", Target: "process 812 (my (old) proxy)", Certainty: rules.Certain, Evidence: "812", Weight: 0.9},
		{Rule: "descriptors", Target: "process 813 (my (old) proxy)", Certainty: rules.Certain, Evidence: "813"},
		{Rule: "loss", Target: "port 443, to which a.service connects", Certainty: rules.Likely},
	}
	for i := range 2 * mostFindings {
		limits = append(limits, report.Limit{Rule: "path", Target: fmt.Sprintf("port %d", i), Certainty: rules.Hint})
	}
	got := strings.Split(strings.TrimSpace(string(report.Exposition(found(limits)))), "\n")
	got = slices.DeleteFunc(got, func(line string) bool { return strings.HasPrefix(line, "#") })
	want := []string{
		`tcptune_diagnose_findings{certainty="certain"} 2`,
		`tcptune_diagnose_findings{certainty="likely"} 1`,
		`tcptune_diagnose_findings{certainty="hint"} 100`,
		`tcptune_diagnose_finding{certainty="certain",rule="descriptors",target="process my (old) proxy"} 1`,
		`tcptune_diagnose_finding{certainty="likely",rule="loss",target="port 443, to which a.service connects"} 1`,
		`tcptune_diagnose_finding{certainty="hint",rule="path",target="port 0"} 1`,
	}
	if len(got) != 3+mostFindings || !slices.Equal(got[:6], want) {
		t.Errorf("%d series, which begin with %q, want %q", len(got), got[:6], want)
	}
}

// That nothing was found is a figure, and not the same as that nobody looked.
func TestNoFindingIsAFigure(t *testing.T) {
	if got := string(report.Exposition(found(nil))); strings.Count(got, "} 0\n") != 3 {
		t.Errorf("%s", got)
	}
}
