package provision

import (
	"context"
	"regexp"
	"time"

	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/internal/report"
)

// mostFindings are those that have a series of their own, the surest and weightiest: each costs memory of the collector
// for as long as it keeps anything of that hour.
const mostFindings = 50

// diagnose adds what limits TCP, as it was seen in one look, and when that was.
func (m *measured) diagnose(ctx context.Context, t Target, look Diagnose) (note string) {
	done, err := t.Diagnose(ctx, look)
	if err != nil {
		m.unseen("diagnose")
		return err.Error()
	}
	m.Metrics = append(m.Metrics, found(*done.Report.Findings)...)
	for _, o := range done.Report.Observed {
		for _, u := range o.Unknown {
			m.unseen("diagnose " + u.Rule)
		}
	}
	m.add(report.Gauge("tcptune_diagnose_timestamp_seconds", "When diagnose last looked, in seconds since 1970.",
		float64(time.Now().Unix())))
	return ""
}

// found are the metrics of findings, which come by certainty and weight.
func found(findings []report.Limit) []report.Metric {
	each := report.Metric{
		Name: "tcptune_diagnose_finding", Type: "gauge", Help: "1 for each limit of TCP that tcptune diagnose has found.",
	}
	count, seen := map[string]int{}, map[[3]string]bool{}
	for _, f := range findings {
		count[f.Certainty]++
		series := [3]string{f.Rule, lasting(f.Target), f.Certainty}
		if seen[series] || len(seen) == mostFindings {
			continue
		}
		seen[series] = true
		each.Samples = append(each.Samples, report.Sample{
			Labels: map[string]string{"rule": series[0], "target": series[1], "certainty": series[2]}, Value: 1,
		})
	}
	all := report.Metric{
		Name: "tcptune_diagnose_findings", Type: "gauge", Help: "How many limits tcptune diagnose has found, by certainty.",
	}
	for _, certainty := range []string{rules.Certain, rules.Likely, rules.Hint} {
		all.Samples = append(all.Samples, report.Sample{
			Labels: map[string]string{"certainty": certainty}, Value: float64(count[certainty]),
		})
	}
	return []report.Metric{all, each}
}

// lasting is the name of a target without what changes with each start of a program: "process nginx" for "process 812
// (nginx)".
func lasting(target string) string {
	return regexp.MustCompile(`^process \d+ \((.*)\)$`).ReplaceAllString(target, "process $1")
}
