package bench

import (
	"math"
	"slices"

	"github.com/tcptune/tcptune/internal/report"
)

// Compare holds the rounds of b against those of a. A difference is shown where the interval of the ratio of their
// means, of 95 % confidence (Welch), does not hold 1; of one round each nothing can be said. A service that fails
// more can be faster by that alone: then nothing of it is better, or as it was. What a side has not measured has no
// row.
func Compare(a, b report.Bench) (rows []report.Compared) {
	failing := failures(figures(a, failedShare), figures(b, failedShare))
	if failing.Before+failing.After > 0 {
		rows = append(rows, failing)
	}
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
		if !m.more && (slices.Contains(before, 0) || slices.Contains(after, 0)) {
			continue
		}
		row := compared(m.name, m.more, before, after)
		if failing.After-failing.Before > slight && row.Verdict != report.Worse {
			row.Verdict = report.NotComparable
		}
		rows = append(rows, row)
	}
	return rows
}

// slight is a share of failures that moves no figure that is compared: fewer than one in a thousand.
const slight = 0.001

func failedShare(r report.BenchRound) float64 { return r.FailedShare }

// failures compares the shares of requests that failed. Mostly they are 0, so it is their difference that is looked at.
func failures(before, after []float64) report.Compared {
	meanA, varA := moments(before)
	meanB, varB := moments(after)
	row := report.Compared{Metric: "failed_share", Before: meanA, After: meanB, Verdict: report.NotShown}
	if meanA > 0 {
		row.Ratio = meanB / meanA
	}
	d, half := meanB-meanA, math.Inf(1)
	if len(before) > 1 && len(after) > 1 {
		half = halfOf(varA, varB, len(before), len(after))
	}
	switch {
	case abs(d) <= slight:
	case d > half:
		row.Verdict = report.Worse
	case -d > half:
		row.Verdict = report.Better
	case d > 0:
		row.Verdict = report.NotComparable
	}
	return row
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
		if len(before) > 1 && len(after) > 1 { // a round without a single answer has no ratio
			row.Verdict = report.NotComparable
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
	d, half := meanB-meanA, halfOf(varA, varB, len(a), len(b))
	return math.Exp(d), math.Exp(d - half), math.Exp(d + half), true
}

func ofLogs(list []float64) (mean, variance float64, ok bool) {
	logs := make([]float64, 0, len(list))
	for _, v := range list {
		if v <= 0 {
			return 0, 0, false
		}
		logs = append(logs, math.Log(v))
	}
	mean, variance = moments(logs)
	return mean, variance, len(list) > 1
}

// moments are the mean of a sample, and the variance of what it was taken from.
func moments(list []float64) (mean, variance float64) {
	for _, v := range list {
		mean += v / float64(len(list))
	}
	for _, v := range list {
		variance += (v - mean) * (v - mean) / float64(max(1, len(list)-1))
	}
	return mean, variance
}

// halfOf is half of the interval in which the difference of two means lies, of samples of two or more.
func halfOf(varA, varB float64, lenA, lenB int) float64 {
	na, nb := float64(lenA), float64(lenB)
	sa, sb := varA/na, varB/nb
	if sa+sb == 0 {
		return 0
	}
	freedom := (sa + sb) * (sa + sb) / (sa*sa/(na-1) + sb*sb/(nb-1))
	return report.Student(confidence, freedom) * math.Sqrt(sa+sb)
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
