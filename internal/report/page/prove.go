package page

import (
	"fmt"
	"strconv"

	"github.com/tcptune/tcptune/internal/report"
)

// Prove is the page of what settings do over an emulated path.
func Prove(p report.Proof) Page {
	chart := Intervals{
		Title: "Ratios",
		About: fmt.Sprintf("The bar is where the ratio lies with %.0f %% confidence. A difference is shown where it does not hold 1.", 100*p.Confidence),
		Head:  [4]string{"", "before", "after", "ratio"},
	}
	counts := map[string]int{}
	for _, r := range p.Rows {
		counts[r.Verdict]++
		if r.Before == 0 && r.After == 0 {
			continue
		}
		figure := func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) + " " + r.Unit }
		row := Interval{
			Group: r.Workload, Name: r.Metric, Before: figure(r.Before), After: figure(r.After), Verdict: r.Verdict, Tone: VerdictTone(r.Verdict),
		}
		if r.Key != "" {
			row.Group = r.Key + ": " + r.Workload
		}
		if r.Ratio != nil && r.Low != nil && r.High != nil {
			row.Ratio, row.Low, row.Top = *r.Ratio, *r.Low, *r.High
		}
		chart.Rows = append(chart.Rows, row)
	}
	settings := Table{Title: "In what the two sides differ", Head: []string{"key", "before", "after"}, Words: []int{1, 2}}
	for _, s := range p.Settings {
		settings.Rows = append(settings.Rows, Row(s.Target, s.Before, s.After))
	}
	return Page{
		Title: "Before: " + p.Before + "; after: " + p.After,
		Lead:  fmt.Sprintf("The same work over the same path (%s, %s): %s. %d rounds, both sides in turn.", p.Scenario, p.Path.Kind, p.Path.Asked(), p.Rounds),
		Parts: []Part{
			Verdicts(counts),
			Note{Text: "The path gave " + p.Path.Gave() + "."},
			absences("Not measured", p.NotMeasured),
			chart,
			settings,
			absences("Not provable in a network namespace", p.NotProvable),
		},
	}
}

// absences is a table of what nothing is said about; none where there is nothing.
func absences(title string, list []report.ProofAbsence) Table {
	t := Table{Title: title, Head: []string{"", "why"}, Words: []int{1}}
	for _, a := range list {
		t.Rows = append(t.Rows, Row(a.Target, a.Reason))
	}
	return t
}
