package bench

import (
	"context"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

// Rounds runs the same test several times. The result is that of the round with the median rate; the figures of each are in
// its Rounds.
func Rounds(ctx context.Context, o Options, rounds int, told func(Now)) (report.Bench, error) {
	var all []report.Bench
	for range rounds {
		b, err := Run(ctx, o, told)
		if err != nil {
			return b, err
		}
		all, o.Near = append(all, b), nil // once is enough
	}
	return Middle(all), nil
}

// Middle is the round with the median rate, with the figures of all.
func Middle(all []report.Bench) report.Bench {
	rates := make([]float64, len(all))
	rounds := make([]report.BenchRound, len(all))
	for i, b := range all {
		rates[i], rounds[i] = b.Rate, roundOf(b)
	}
	middle, best := median(rates), 0
	for i, r := range rates {
		if abs(r-middle) < abs(rates[best]-middle) {
			best = i
		}
	}
	b := all[best]
	b.Rounds = rounds
	return b
}

func abs(f float64) float64 { return max(f, -f) }

func roundOf(b report.Bench) report.BenchRound {
	r := report.BenchRound{Rate: b.Rate, Failed: b.Requests.Failed + b.Requests.Unsent}
	if l := Main(b); l != nil {
		r.P50, r.P99 = l.P50, l.P99
	}
	return r
}

// FindRate looks for the highest rate whose 99th percentile, from when requests are due, stays within limit, without a
// failure: by bisection below what a closed loop reaches. The rate that is found has held twice.
func FindRate(ctx context.Context, o Options, limit time.Duration, told func(Now)) (report.Bench, error) {
	o.Rate = 0
	first, err := Run(ctx, o, told)
	if err != nil {
		return first, err
	}
	low, high := 0.0, first.Rate
	var found report.Bench
	var tried []report.BenchRound
	holds := func(rate float64) (bool, error) {
		o.Rate = rate
		b, err := Run(ctx, o, told)
		if err != nil {
			return false, err
		}
		r := roundOf(b)
		r.Asked = rate
		r.Held = r.Failed == 0 && r.P99 <= us(int64(limit)) && b.Rate >= rate*0.98
		tried = append(tried, r)
		if r.Held {
			found = b
		}
		return r.Held, nil
	}
	for range searchSteps {
		middle := (low + high) / 2
		if low == 0 {
			middle = high * 0.75
		}
		held, err := holds(middle)
		if err == nil && held { // by chance, perhaps
			held, err = holds(middle)
		}
		if err != nil {
			return found, err
		}
		if held {
			low = middle
		} else {
			high = middle
		}
		if low > 0 && high/low < searchEnough {
			break
		}
	}
	if low == 0 {
		found = first
	}
	found.Rounds, found.Found = tried, &low
	return found, nil
}

const (
	searchSteps  = 8
	searchEnough = 1.04
)
