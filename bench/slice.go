package bench

import (
	"math/bits"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

// slice is a short piece of the measured time, and what came in it. It is small, since there are hundreds of them.
type slice struct {
	answered, failed uint64
	slowest          int64 // nanoseconds
	counts           [bands]uint32
}

// A slice counts times in bands: of a microsecond up to 16 of them, and from there on 16 for each doubling. A microsecond
// is 1,024 nanoseconds here.
const (
	micro    = 10 // bits
	fineness = 4  // bits
	bands    = (40 - micro - fineness + 1) << fineness
)

func bandOf(nanoseconds int64) int {
	v := uint64(nanoseconds) >> micro
	e := bits.Len64(v) - fineness - 1
	if e <= 0 {
		return int(v)
	}
	return e<<fineness + int(v>>e)
}

// from is the lower bound of a band, in nanoseconds.
func from(band int) int64 {
	e := max(0, band>>fineness-1)
	return int64(band-e<<fineness) << e << micro
}

func (s *slice) add(d time.Duration, n int) {
	ns := min(max(int64(d), 1), slowest)
	s.answered += uint64(n)
	s.slowest = max(s.slowest, ns)
	s.counts[bandOf(ns)] += uint32(n)
}

func (s *slice) merge(o *slice) {
	s.answered, s.failed, s.slowest = s.answered+o.answered, s.failed+o.failed, max(s.slowest, o.slowest)
	for i, n := range o.counts {
		s.counts[i] += n
	}
}

// quantile is the upper bound of the band that holds the quantile, from 0 to 1, in nanoseconds.
func (s *slice) quantile(q float64) int64 {
	rank, sum := q*float64(s.answered), uint64(0)
	for i, n := range s.counts {
		if sum += uint64(n); sum > 0 && float64(sum) >= rank {
			return min(from(i+1), s.slowest)
		}
	}
	return s.slowest
}

// sliceOf is how long a slice is: a tenth of a second in the first minute, and so long that no run has more than 600.
func sliceOf(duration time.Duration) time.Duration {
	const fine, most = 100 * time.Millisecond, 600
	if duration <= most*fine {
		return fine
	}
	return ((duration-1)/(most*time.Second) + 1) * time.Second
}

// mostSlices is how many there can be, those after the end included, when answers are awaited. The last has all the rest.
const mostSlices = 2400

// at is the slice that a time after the warm-up belongs to.
func (t *tally) at(d time.Duration) *slice {
	i := min(int(max(d, 0)/t.step), mostSlices-1)
	for len(t.slices) <= i {
		t.slices = append(t.slices, slice{})
	}
	return &t.slices[i]
}

// series is what came second by second, or slice by slice where those are longer.
func (t *tally) series() (list []report.BenchSecond) {
	each := max(1, int(time.Second/t.step))
	for i := 0; i < len(t.slices); i += each {
		var sum slice
		for k := range t.slices[i:min(i+each, len(t.slices))] {
			sum.merge(&t.slices[i+k])
		}
		one := report.BenchSecond{At: (t.step * time.Duration(i)).Seconds(), Answered: sum.answered, Failed: sum.failed}
		if sum.answered > 0 {
			one.P50, one.P99, one.Max = us(sum.quantile(0.5)), us(sum.quantile(0.99)), us(sum.slowest)
		}
		list = append(list, one)
	}
	return list
}

// heat is the slices with four bands for each doubling, from the lowest that holds something to the highest.
func (t *tally) heat() *report.BenchHeat {
	const wide = 1 << (fineness - 2)
	low, high := bands, -1
	for i := range t.slices {
		for band, n := range t.slices[i].counts {
			if n > 0 {
				low, high = min(low, band/wide), max(high, band/wide)
			}
		}
	}
	if high < 0 {
		return nil
	}
	h := &report.BenchHeat{Step: t.step.Seconds()}
	for band := low; band <= high+1; band++ {
		h.Bands = append(h.Bands, us(max(from(band*wide), 1<<micro)))
	}
	for i := range t.slices {
		column := make([]uint64, high-low+1)
		for band, n := range t.slices[i].counts {
			if n > 0 {
				column[band/wide-low] += uint64(n)
			}
		}
		h.Counts = append(h.Counts, column)
	}
	return h
}
