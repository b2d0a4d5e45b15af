package path

import (
	"fmt"
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// counters are what happened on one lane. Times are in microseconds.
type counters struct {
	offered, lost, overflowed, overtook, delivered, refused uint64
	delay                                                   float64                 // the sum of those that kept the order, from the end of the queue on
	delayed                                                 uint64                  // how many those are
	late                                                    *hdrhistogram.Histogram // behind the moment that a packet had
	queuedBits, queuedTime                                  float64                 // of packets that waited for another one; seconds
	last                                                    int64                   // when the last packet was delivered
}

func newCounters() counters {
	return counters{late: hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3)}
}

// arrived counts a packet that was delivered at a time.
func (c *counters) arrived(p packet, now int64) {
	c.delivered++
	_ = c.late.RecordValue((now - p.due) / 1000)
	if !p.overtook {
		c.delayed++
		c.delay += float64(now-p.sent) / 1e9
	}
	if p.queued && c.last > 0 {
		c.queuedBits += float64(len(p.data)-virtioSize) * 8
		c.queuedTime += float64(now-c.last) / 1e9
	}
	c.last = now
}

// Measured is what a path has really given, both directions together but for the rate.
type Measured struct {
	Packets    uint64        // that came into the path
	Delay      time.Duration // of both directions together, without the queue; 0 where no packet came through
	Lost       float64       // the share that the path lost by itself
	Overflowed uint64        // packets that found the queue full
	Overtook   uint64        // not counted by netem
	Rate       int64         // bit/s while packets waited for the rate, of the busier direction; 0: none did for a second in all
	LateP50    time.Duration // behind the moment at which a packet should have been delivered
	LateP99    time.Duration
	LateMax    time.Duration
	Missed     uint64 // packets that the emulator was too slow to take, or that a device did not take
}

// carriesLate is how late one packet in a hundred may be: 5 % of the round-trip time, no less than a thread needs to
// wake up, and no more than a quarter of the delay that ends slow start on any path (RFC 9406, section 4.2,
// MAX_RTT_THRESH): where packets are later than that together, CUBIC shows what the emulator is, and not what the path
// is.
func (s Shape) carriesLate() time.Duration {
	return min(max(s.RTT/20, 500*time.Microsecond), 4*time.Millisecond)
}

// Carried returns an error where the path was not what it should be: nothing that was measured over it can be believed.
func (m Measured) Carried(s Shape) error {
	chance := 4 * math.Sqrt(s.Loss*(1-s.Loss)*max(1, s.Burst)*2/float64(max(1, m.Packets))) // four standard deviations
	switch {
	case m.Packets == 0:
		return fmt.Errorf("no packet came into the path")
	case m.Missed > 0:
		return fmt.Errorf("%d packets were lost because the emulator came too late", m.Missed)
	case m.LateP99 > s.carriesLate():
		return fmt.Errorf("one packet in a hundred was more than %s late, and %s is the most for this path",
			m.LateP99.Round(10*time.Microsecond), s.carriesLate())
	case m.Rate > 0 && s.Rate > 0 && math.Abs(float64(m.Rate)/float64(s.Rate)-1) > 0.05:
		return fmt.Errorf("the path gave %.1f Mbit/s instead of %.1f", float64(m.Rate)/1e6, float64(s.Rate)/1e6)
	case math.Abs(m.Lost-s.Loss) > chance+0.0005:
		return fmt.Errorf("the path lost %.3f %% instead of %.3f %%", 100*m.Lost, 100*s.Loss)
	}
	return nil
}

// measured sums the two lanes up.
func measured(lanes [2]*lane) (m Measured) {
	late := hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3)
	var lost uint64
	var busiest float64
	for _, l := range lanes {
		c := l.counters
		m.Packets += c.offered
		m.Overflowed += c.overflowed
		m.Overtook += c.overtook
		m.Missed += c.refused
		lost += c.lost
		late.Merge(c.late)
		if c.delayed > 0 {
			m.Delay += time.Duration(c.delay / float64(c.delayed) * 1e9)
		}
		if c.queuedTime > 1 && c.queuedBits > busiest {
			busiest = c.queuedBits
			m.Rate = int64(c.queuedBits / c.queuedTime)
		}
	}
	if m.Packets > 0 {
		m.Lost = float64(lost) / float64(m.Packets)
	}
	m.lateness(late)
	return m
}

// lateness takes the percentiles of late, which is in microseconds.
func (m *Measured) lateness(late *hdrhistogram.Histogram) {
	us := func(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
	m.LateP50, m.LateP99, m.LateMax = us(late.ValueAtQuantile(50)), us(late.ValueAtQuantile(99)), us(late.Max())
}
