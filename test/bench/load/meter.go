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

// meter counts the bursts between two points of time, and calls mark at each, so that the caller can read clocks of the
// server for the same span. Times are since the begin of the exchange.
type meter struct {
	from, to time.Duration
	mark     func() error
	opened   time.Duration
	open     bool
	result   Result
}

func newMeter(from, to time.Duration, mark func() error) *meter {
	return &meter{from: from, to: to, mark: mark, result: Result{Latency: hdrhistogram.New(1, slowest, 3)}}
}

// answered notes that a burst of so many messages is back, and tells whether the time is over.
func (m *meter) answered(messages int, sent, now time.Duration) (over bool, err error) {
	switch {
	case m.open && now >= m.to:
		m.open, m.result.Elapsed = false, now-m.opened
		return true, m.mark()
	case m.open:
		m.result.Messages += int64(messages)
		return false, m.result.Latency.RecordValue(int64(now - sent))
	case now >= m.from && now < m.to:
		m.open, m.opened = true, now
		return false, m.mark()
	}
	return now >= m.to, nil
}
