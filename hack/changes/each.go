package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
)

// measured is what "make prove-each" has written: a document of tcptune prove --each, or an empty one.
//
//go:embed each.json
var measured []byte

// each is what each key of a profile bought.
type each struct {
	Scenario, Kind, Asked, Gave string
	Rounds, Figures             int
	Confidence                  float64
	Keys                        []bought
	Unmeasured                  []string
	Absent                      []report.ProofAbsence
}

type bought struct{ Name, Before, After, Bought string }

// eachKey reads document; nil where nothing was measured.
func eachKey(document []byte) (*each, error) {
	var r report.Report
	if err := json.Unmarshal(document, &r); err != nil || r.Proof == nil {
		return nil, err
	}
	p := r.Proof
	e := &each{
		Scenario: p.Scenario, Kind: p.Path.Kind, Asked: p.Path.Asked(), Gave: p.Path.Gave(), Rounds: p.Rounds,
		Confidence: math.Round(100 * p.Confidence), Absent: p.NotProvable,
	}
	for _, a := range p.NotMeasured {
		e.Unmeasured = append(e.Unmeasured, a.Target+" ("+a.Reason+")")
	}
	for _, s := range p.Settings {
		b := bought{Name: s.Target, Before: s.Before, After: s.After}
		var shown []string
		figures := 0
		for _, row := range p.Rows {
			if row.Key != s.Target {
				continue
			}
			if figures++; row.Verdict != report.NotShown {
				shown = append(shown, figure(row))
			}
		}
		if figures == 0 {
			continue
		}
		if b.Bought = strings.Join(shown, "; "); b.Bought == "" {
			b.Bought = "no difference shown"
		}
		e.Figures = max(e.Figures, figures)
		e.Keys = append(e.Keys, b)
	}
	return e, nil
}

// figure is a row in a few words: "bulk goodput better, 1.31 times (1.22 to 1.41)".
func figure(r report.ProofRow) string {
	text := fmt.Sprintf("%s %s %s", r.Workload, r.Metric, r.Verdict)
	if r.Ratio == nil || r.Low == nil || r.High == nil {
		return text + fmt.Sprintf(", %.3g to %.3g %s", r.Before, r.After, r.Unit)
	}
	return text + fmt.Sprintf(", %.3g times (%.3g to %.3g)", *r.Ratio, *r.Low, *r.High)
}
