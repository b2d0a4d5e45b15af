package bench

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestABandHoldsWhatIsCountedInIt(t *testing.T) {
	for range 10000 {
		ns := min(int64(1)<<rand.IntN(40)+rand.Int64N(1<<12), slowest)
		b := bandOf(ns)
		if b >= bands || ns < from(b) || ns >= from(b+1) {
			t.Fatalf("%d ns is in band %d, from %d to %d", ns, b, from(b), from(b+1))
		}
	}
	if b := bandOf(slowest); b >= bands {
		t.Errorf("the slowest has band %d of %d", b, bands)
	}
}

func TestAQuantileOfASliceIsAtMostASixteenthTooHigh(t *testing.T) {
	var s slice
	var all []int64
	for range 5000 {
		ns := int64(100e3 * (1 + rand.ExpFloat64()))
		all = append(all, ns)
		s.add(time.Duration(ns), 1)
	}
	slices.Sort(all)
	for _, q := range []float64{0.5, 0.99} {
		got, want := s.quantile(q), all[int(q*float64(len(all)))-1]
		if got < want || float64(got) > float64(want)*(1+1.0/16)+1024 {
			t.Errorf("quantile %g: got %d, want %d", q, got, want)
		}
	}
}

func TestNoRunHasMoreThan600SlicesAndNothingIsLostInThem(t *testing.T) {
	for _, d := range []time.Duration{time.Millisecond, time.Second, time.Minute, time.Minute + 1, 10 * time.Minute, 10*time.Minute + 1, MaxDuration} {
		step := sliceOf(d)
		if n := (d + step - 1) / step; n > 600 || step < time.Second && step != 100*time.Millisecond {
			t.Errorf("%s: %d slices of %s", d, n, step)
		}
		sum := newTally(&Options{Duration: d})
		for at := range 50 {
			sum.at(d*time.Duration(at)/25).add(time.Millisecond, 1)
		}
		inSeries, inHeat := uint64(0), uint64(0)
		for _, s := range sum.series() {
			inSeries += s.Answered
		}
		for _, column := range sum.heat().Counts {
			for _, n := range column {
				inHeat += n
			}
		}
		if inSeries != 50 || inHeat != 50 {
			t.Errorf("%s: 50 answers, %d in the series, %d in the heat map", d, inSeries, inHeat)
		}
	}
}
