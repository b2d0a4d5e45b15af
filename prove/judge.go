package prove

import (
	"math"

	"github.com/tcptune/tcptune/internal/report"
)

// Confidence is that of the intervals: 99 %, since a table has a dozen of them, and of so many intervals of 95 % every
// second table would have one that is wrong.
const Confidence = 0.99

// trivial is the least change that is called one: what is smaller is nothing that anybody would notice, however surely
// it is there.
const trivial = 0.02

// judge compares the rounds of a metric, which belong together by their place: each pair saw the same path.
func judge(m Metric, before, after []float64) report.ProofRow {
	r := report.ProofRow{Metric: m.Name, Unit: m.Unit, Better: "lower", Verdict: report.NotShown}
	if m.Higher {
		r.Better = "higher"
	}
	logs := make([]float64, 0, len(before))
	for i := range before {
		if before[i] > 0 && after[i] > 0 {
			logs = append(logs, math.Log(after[i]/before[i]))
		}
	}
	if len(logs) < len(before) {
		r.Before, r.After = mean(before), mean(after)
		r.Verdict = word(m, apart(before, after))
		return r
	}
	r.Before, r.After = geometricMean(before), geometricMean(after)
	center := mean(logs)
	half := report.Student(Confidence, float64(len(logs)-1)) * deviation(logs) / math.Sqrt(float64(len(logs)))
	r.Ratio, r.Low, r.High = ptr(math.Exp(center)), ptr(math.Exp(center-half)), ptr(math.Exp(center+half))
	switch {
	case *r.Low > 1 && *r.Ratio > 1+trivial:
		r.Verdict = word(m, 1)
	case *r.High < 1 && *r.Ratio < 1-trivial:
		r.Verdict = word(m, -1)
	}
	return r
}

// word is the verdict on a metric that went up (1), down (-1) or neither.
func word(m Metric, direction int) string {
	switch {
	case direction == 0:
		return report.NotShown
	case direction > 0 == m.Higher:
		return report.Better
	}
	return report.Worse
}

// apart says in which direction all of after lie from all of before: of five each that happens by chance once in 126
// times (the test of Wilcoxon, Mann and Whitney). Of fewer it is said of none. It is for figures that may be 0, which have
// no ratio.
func apart(before, after []float64) int {
	if len(before) < 5 {
		return 0
	}
	lowest := func(v []float64) (low, high float64) {
		low, high = v[0], v[0]
		for _, x := range v {
			low, high = min(low, x), max(high, x)
		}
		return low, high
	}
	lowB, highB := lowest(before)
	lowA, highA := lowest(after)
	switch {
	case lowA > highB:
		return 1
	case highA < lowB:
		return -1
	}
	return 0
}

func mean(v []float64) (m float64) {
	for _, x := range v {
		m += x / float64(len(v))
	}
	return m
}

func geometricMean(v []float64) float64 {
	logs := make([]float64, len(v))
	for i, x := range v {
		logs[i] = math.Log(x)
	}
	return math.Exp(mean(logs))
}

// deviation is the standard deviation of a sample.
func deviation(v []float64) float64 {
	m, sum := mean(v), 0.0
	for _, x := range v {
		sum += (x - m) * (x - m)
	}
	return math.Sqrt(sum / float64(len(v)-1))
}

func ptr(x float64) *float64 { return &x }
