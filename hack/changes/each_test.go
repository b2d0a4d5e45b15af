package main

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/tcptune/tcptune/internal/report"
)

// Every key that was measured has a line, one that bought nothing says so, and one that was not measured has none.
func TestEachKeyHasALineThatSaysWhatItBought(t *testing.T) {
	low, ratio, high := 1.2, 1.3, 1.4
	rows := []report.ProofRow{
		{Key: "a", Workload: "bulk", Metric: "goodput", Ratio: &ratio, Low: &low, High: &high, Verdict: report.Better},
		{Key: "a", Workload: "idle", Metric: "p99", Ratio: &ratio, Low: &low, High: &high, Verdict: report.NotShown},
		{Key: "a", Workload: "bulk", Metric: "retransmits", Unit: "%", After: 2, Verdict: report.Worse},
		{Key: "b", Workload: "bulk", Metric: "goodput", Ratio: &ratio, Low: &low, High: &high, Verdict: report.NotShown},
	}
	settings := []report.ProofSetting{{Target: "a", Before: "0", After: "1"}, {Target: "b", Before: "2", After: "3"}, {Target: "c"}}
	document, err := json.Marshal(report.Report{Proof: &report.Proof{Rows: rows, Settings: settings}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := eachKey(document)
	if err != nil {
		t.Fatal(err)
	}
	want := []bought{
		{"a", "0", "1", "bulk goodput better, 1.3 times (1.2 to 1.4); bulk retransmits worse, 0 to 2 %"},
		{"b", "2", "3", "no difference shown"},
	}
	if !reflect.DeepEqual(e.Keys, want) || e.Figures != 3 {
		t.Errorf("%d figures, %q, want %q", e.Figures, e.Keys, want)
	}
}

func TestWhereNothingWasMeasuredNothingIsSaid(t *testing.T) {
	if e, err := eachKey([]byte("{}")); e != nil || err != nil {
		t.Errorf("%+v, %v", e, err)
	}
}
