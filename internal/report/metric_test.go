package report_test

import (
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/tcptune/tcptune/internal/report"
)

// What is written is what Prometheus reads, whatever stands in a label.
func TestExposition(t *testing.T) {
	odd := "a\"b\\c\nd\xff,e=\"f\"}"
	got := report.Exposition([]report.Metric{
		report.Gauge("tcptune_a", "A \\ and\na line.", 1.5),
		{Name: "tcptune_b", Type: "counter", Help: "Two labels.", Samples: []report.Sample{
			{Labels: map[string]string{"z": odd, "a": "x"}, Value: 1e15},
		}},
	})
	parser := expfmt.NewTextParser(model.UTF8Validation)
	read, err := parser.TextToMetricFamilies(strings.NewReader(string(got)))
	if err != nil {
		t.Fatalf("%v in\n%s", err, got)
	}
	if len(read) != 2 {
		t.Errorf("%d families, want 2:\n%s", len(read), got)
	}
	if a := read["tcptune_a"]; a.GetHelp() != "A \\ and\na line." || a.GetMetric()[0].GetGauge().GetValue() != 1.5 {
		t.Errorf("got %v", a)
	}
	b := read["tcptune_b"].GetMetric()[0]
	if v := b.GetCounter().GetValue(); v != 1e15 {
		t.Errorf("got %v, want 1e15", v)
	}
	if l := b.GetLabel(); l[0].GetValue() != "x" || l[1].GetValue() != strings.ToValidUTF8(odd, "�") {
		t.Errorf("got labels %v", l)
	}
}
