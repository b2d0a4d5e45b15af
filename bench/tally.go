package bench

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// tally is what a worker has counted.
type tally struct {
	sent, answered, failed uint64
	total                  uint64 // answered, those of the warm-up included
	inTime                 uint64 // answered within the measured time, whenever they were due
	unsent                 uint64
	bytesIn, bytesOut      uint64 // within the measured time
	opened, lost           int
	errors, refusals, idle [kinds]uint64 // of requests, of connections, and of those that were lost with nothing under way

	intended, actual, connect *hdrhistogram.Histogram
	slices                    []slice
	step                      time.Duration // of the slices
	waited                    time.Duration // in epoll, within the measured time
}

// slowest is the top of the histograms, in nanoseconds: what took longer is counted there.
const slowest = int64(10 * time.Minute)

func newTally(o *Options) tally {
	three := func() *hdrhistogram.Histogram { return hdrhistogram.New(1, slowest, 3) }
	return tally{intended: three(), actual: three(), connect: three(), step: sliceOf(o.Duration)}
}

func record(h *hdrhistogram.Histogram, d time.Duration, n int) {
	_ = h.RecordValues(min(max(int64(d), 1), slowest), int64(n)) // cannot fail within the bounds
}

// add adds what another worker has counted.
func (t *tally) add(o *tally) {
	t.sent, t.answered, t.failed = t.sent+o.sent, t.answered+o.answered, t.failed+o.failed
	t.inTime, t.unsent = t.inTime+o.inTime, t.unsent+o.unsent
	t.bytesIn, t.bytesOut = t.bytesIn+o.bytesIn, t.bytesOut+o.bytesOut
	t.opened, t.lost, t.waited = t.opened+o.opened, t.lost+o.lost, t.waited+o.waited
	for k := range kinds {
		t.errors[k] += o.errors[k]
		t.refusals[k] += o.refusals[k]
		t.idle[k] += o.idle[k]
	}
	t.intended.Merge(o.intended)
	t.actual.Merge(o.actual)
	t.connect.Merge(o.connect)
	for i := range o.slices {
		t.at(time.Duration(i) * t.step).merge(&o.slices[i])
	}
}
