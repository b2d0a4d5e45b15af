package prove

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tcptune/tcptune/internal/report"
)

func TestTheVerdictFollowsTheInterval(t *testing.T) {
	goodput, latency := Metric{"goodput", "Mbit/s", true}, Metric{"p99", "ms", false}
	for name, tc := range map[string]struct {
		metric        Metric
		before, after []float64
		want          string
	}{
		"more of what is good":         {goodput, []float64{10, 11, 9, 10, 10}, []float64{20, 22, 19, 20, 21}, report.Better},
		"less of what is good":         {goodput, []float64{20, 22, 19, 20, 21}, []float64{10, 11, 9, 10, 10}, report.Worse},
		"less of what is bad":          {latency, []float64{20, 22, 19, 20, 21}, []float64{10, 11, 9, 10, 10}, report.Better},
		"more of what is bad":          {latency, []float64{10, 11, 9, 10, 10}, []float64{20, 22, 19, 20, 21}, report.Worse},
		"nothing but noise":            {goodput, []float64{10, 20, 15, 12, 18}, []float64{18, 12, 16, 19, 11}, report.NotShown},
		"sure, and of no interest":     {goodput, []float64{100, 100, 100}, []float64{101, 101, 101}, report.NotShown},
		"the same":                     {goodput, []float64{10, 10, 10}, []float64{10, 10, 10}, report.NotShown},
		"nothing on either side":       {latency, []float64{0, 0, 0, 0, 0}, []float64{0, 0, 0, 0, 0}, report.NotShown},
		"none before, some after":      {latency, []float64{0, 0, 0, 0, 0}, []float64{1, 2, 1, 3, 1}, report.Worse},
		"none after, in three rounds":  {latency, []float64{1, 2, 1}, []float64{0, 0, 0}, report.NotShown},
		"none in some rounds of both":  {latency, []float64{1, 0, 1, 3, 0}, []float64{0, 1, 2, 0, 2}, report.NotShown},
		"one round of three disagrees": {goodput, []float64{10, 10, 10}, []float64{20, 20, 9}, report.NotShown},
	} {
		r := judge(tc.metric, tc.before, tc.after)
		if r.Verdict != tc.want {
			t.Errorf("%s: %q, want %q: %+v", name, r.Verdict, tc.want, r)
		}
		if (r.Ratio == nil) != (r.Low == nil) || (r.Ratio == nil) != (r.High == nil) {
			t.Errorf("%s: a ratio without an interval, or the other way round: %+v", name, r)
		}
	}
}

func TestARatioIsThatOfThePairs(t *testing.T) {
	r := judge(Metric{"goodput", "Mbit/s", true}, []float64{1, 10, 100}, []float64{2, 20, 200})
	if math.Abs(*r.Ratio-2) > 1e-9 || math.Abs(*r.Low-2) > 1e-9 || math.Abs(*r.High-2) > 1e-9 {
		t.Errorf("a ratio of %v (%v to %v), want 2 in each pair", *r.Ratio, *r.Low, *r.High)
	}
}

// Of two sides that are alike no more are called different than the confidence allows, and the interval holds the ratio
// that there is as often as it says.
func TestTheIntervalHoldsWhatItPromises(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, rounds := range []int{3, 5, 10, 40} {
		const tables = 20_000
		wrong, missed := 0, 0
		for range tables {
			before, after := make([]float64, rounds), make([]float64, rounds)
			for i := range before {
				before[i], after[i] = math.Exp(0.3*random.NormFloat64()), 1.5*math.Exp(0.3*random.NormFloat64())
			}
			r := judge(Metric{"p99", "ms", false}, before, after)
			if *r.Low > 1.5 || *r.High < 1.5 {
				missed++
			}
			for i := range after {
				after[i] /= 1.5
			}
			if judge(Metric{"p99", "ms", false}, before, after).Verdict != report.NotShown {
				wrong++
			}
		}
		if share := float64(missed) / tables; math.Abs(share-0.01) > 0.003 {
			t.Errorf("%d rounds: %.2f %% of the intervals miss, want 1 %%", rounds, 100*share)
		}
		if share := float64(wrong) / tables; share > 0.013 {
			t.Errorf("%d rounds: %.2f %% of the equal pairs are called different", rounds, 100*share)
		}
	}
}
