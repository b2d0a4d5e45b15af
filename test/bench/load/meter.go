package load

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const slowest = int64(time.Minute) // the top of the histogram, in nanoseconds

// Result is what has been measured between two marks, while all connections were busy.
type Result struct {
	Messages int64 // answered, and found equal
	Elapsed  time.Duration
	// Latency is that of whole bursts, from before the write to after the read of their last byte, in nanoseconds.
	Latency *hdrhistogram.Histogram
}

// Rate returns messages per second.
func (r Result) Rate() float64 { return float64(r.Messages) / r.Elapsed.Seconds() }

// meter counts bursts for a while after a warm-up, and calls mark at the begin and at the end of that, so that the
// caller can read clocks of the server for the same span. Times are since the begin of the exchange.
type meter struct {
	warmup, long time.Duration
	mark         func() error
	phase        phase
	opened       time.Duration
	result       Result
}

type phase int

const (
	warming phase = iota
	counting
	over
)

func newMeter(warmup, long time.Duration, mark func() error) *meter {
	return &meter{warmup: warmup, long: long, mark: mark, result: Result{Latency: hdrhistogram.New(1, slowest, 3)}}
}

// answered notes that a burst of so many messages is back, and tells whether all is over. The span is longer than
// wanted when the machine was too busy for a single answer in it.
func (m *meter) answered(messages int, sent, now time.Duration) (done bool, err error) {
	switch {
	case m.phase == over:
		return true, nil
	case m.phase == warming && now < m.warmup:
		return false, nil
	case m.phase == warming:
		m.phase, m.opened = counting, now
		return false, m.mark()
	case now-m.opened >= m.long && m.result.Messages > 0:
		m.phase, m.result.Elapsed = over, now-m.opened
		return true, m.mark()
	}
	m.result.Messages += int64(messages)
	return false, m.result.Latency.RecordValue(int64(now - sent))
}
