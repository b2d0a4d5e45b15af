package bench

import (
	"math"
	"slices"

	"github.com/tcptune/tcptune/internal/report"
)

// Compare holds the rounds of b against those of a. A difference is shown where the interval of the ratio of their means, of
// 95 % confidence (Welch), does not hold 1; of one round each nothing can be said.
func Compare(a, b report.Bench) (rows []report.Compared) {
	for _, m := range []struct {
		name   string
		more   bool // is better
		figure func(report.BenchRound) float64
	}{
		{"rate_per_s", true, func(r report.BenchRound) float64 { return r.Rate }},
		{"p50_us", false, func(r report.BenchRound) float64 { return r.P50 }},
		{"p99_us", false, func(r report.BenchRound) float64 { return r.P99 }},
	} {
		before, after := figures(a, m.figure), figures(b, m.figure)
		rows = append(rows, compared(m.name, m.more, before, after))
	}
	return rows
}

func figures(b report.Bench, figure func(report.BenchRound) float64) (list []float64) {
	for _, r := range b.Rounds {
		list = append(list, figure(r))
	}
	return list
}

func compared(metric string, more bool, before, after []float64) report.Compared {
	row := report.Compared{Metric: metric, Before: median(before), After: median(after), Verdict: report.NotShown}
	ratio, low, high, ok := ratioOf(before, after)
	if !ok {
		if row.Before > 0 {
			row.Ratio = row.After / row.Before
		}
		return row
	}
	row.Ratio, row.Low, row.High = ratio, &low, &high
	switch {
	case low > 1 == more && (low > 1 || high < 1):
		row.Verdict = report.Better
	case low > 1 || high < 1:
		row.Verdict = report.Worse
	}
	return row
}

// confidence is that of the intervals.
const confidence = 0.95

// ratioOf is the ratio of the geometric means of two samples, and where it lies with 95 % confidence.
func ratioOf(a, b []float64) (ratio, low, high float64, ok bool) {
	meanA, varA, okA := ofLogs(a)
	meanB, varB, okB := ofLogs(b)
	if !okA || !okB {
		return 0, 0, 0, false
	}
	na, nb := float64(len(a)), float64(len(b))
	sa, sb := varA/na, varB/nb
	half := 0.0
	if sa+sb > 0 {
		freedom := (sa + sb) * (sa + sb) / (sa*sa/(na-1) + sb*sb/(nb-1))
		half = report.Student(confidence, freedom) * math.Sqrt(sa+sb)
	}
	d := meanB - meanA
	return math.Exp(d), math.Exp(d - half), math.Exp(d + half), true
}

func ofLogs(list []float64) (mean, variance float64, ok bool) {
	if len(list) < 2 {
		return 0, 0, false
	}
	for _, v := range list {
		if v <= 0 {
			return 0, 0, false
		}
		mean += math.Log(v) / float64(len(list))
	}
	for _, v := range list {
		variance += (math.Log(v) - mean) * (math.Log(v) - mean) / float64(len(list)-1)
	}
	return mean, variance, true
}

func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}
