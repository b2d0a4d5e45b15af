package bench

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// tally is what a worker has counted.
type tally struct {
	sent, answered, failed uint64
	inTime                 uint64 // answered within the measured time, whenever they were due
	unsent                 uint64
	bytesIn, bytesOut      uint64 // within the measured time
	opened, lost           int
	errors, refusals       [kinds]uint64 // of requests, and of connections

	intended, actual, connect *hdrhistogram.Histogram
	seconds                   []second
	waited                    time.Duration // in epoll, within the measured time
}

// second is one interval of the measured time.
type second struct {
	answered, failed uint64
	times            *hdrhistogram.Histogram
}

// slowest is the top of the histograms, in nanoseconds: what took longer is counted there.
const slowest = int64(10 * time.Minute)

func newTally() tally {
	three := func() *hdrhistogram.Histogram { return hdrhistogram.New(1, slowest, 3) }
	return tally{intended: three(), actual: three(), connect: three()}
}

func record(h *hdrhistogram.Histogram, d time.Duration, n int) {
	_ = h.RecordValues(min(max(int64(d), 1), slowest), int64(n)) // cannot fail within the bounds
}

// at is the interval that a time after the warm-up belongs to.
func (t *tally) at(d time.Duration) *second {
	i := int(max(d, 0) / time.Second)
	for len(t.seconds) <= i && len(t.seconds) < mostSeconds {
		t.seconds = append(t.seconds, second{times: newCoarse()})
	}
	return &t.seconds[min(i, mostSeconds-1)]
}

// mostSeconds is how long a run is looked at by the second.
const mostSeconds = 600

// add adds what another worker has counted.
func (t *tally) add(o *tally) {
	t.sent, t.answered, t.failed = t.sent+o.sent, t.answered+o.answered, t.failed+o.failed
	t.inTime, t.unsent = t.inTime+o.inTime, t.unsent+o.unsent
	t.bytesIn, t.bytesOut = t.bytesIn+o.bytesIn, t.bytesOut+o.bytesOut
	t.opened, t.lost, t.waited = t.opened+o.opened, t.lost+o.lost, t.waited+o.waited
	for k := range kinds {
		t.errors[k] += o.errors[k]
		t.refusals[k] += o.refusals[k]
	}
	t.intended.Merge(o.intended)
	t.actual.Merge(o.actual)
	t.connect.Merge(o.connect)
	for i, s := range o.seconds {
		mine := t.at(time.Duration(i) * time.Second)
		mine.answered, mine.failed = mine.answered+s.answered, mine.failed+s.failed
		mine.times.Merge(s.times)
	}
}

// newCoarse is a histogram that is small enough for one each second.
func newCoarse() *hdrhistogram.Histogram { return hdrhistogram.New(1000, slowest, 1) }
