package server

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// histogramBuckets: bucket i has what took less than 2^i microseconds, and the last one the rest.
const histogramBuckets = 26

// histogram counts durations. Many goroutines may add to it.
type histogram struct {
	buckets [histogramBuckets + 1]atomic.Uint64
	sum     atomic.Int64 // nanoseconds
}

func (h *histogram) add(d time.Duration) {
	us := uint64(max(d, 0) / time.Microsecond)
	h.buckets[min(bits.Len64(us), histogramBuckets)].Add(1)
	h.sum.Add(int64(d))
}

// Histogram is how many durations were below each bound, as Prometheus counts them.
type Histogram struct {
	Count   uint64                   // of all durations
	Sum     time.Duration            // of all durations
	Buckets map[time.Duration]uint64 // bound, 1 µs to 34 s in powers of two -> how many were below it
}

func (h *histogram) snapshot() Histogram {
	s := Histogram{Sum: time.Duration(h.sum.Load()), Buckets: map[time.Duration]uint64{}}
	for i := range h.buckets {
		s.Count += h.buckets[i].Load()
		if i < histogramBuckets {
			s.Buckets[time.Microsecond<<i] = s.Count
		}
	}
	return s
}
