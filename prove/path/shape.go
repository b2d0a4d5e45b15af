package path

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Shape is what a path is to be like. Each direction is so: loss and overtaking happen to data and to acknowledgements.
type Shape struct {
	RTT     time.Duration // of both directions together, half of it each; without what a queue adds
	Jitter  time.Duration // of each direction: wanders between so much less and so much more; packets keep their order
	Loss    float64       // the share of packets that are lost, from 0 to below 1
	Burst   float64       // how many are lost in a row on average; up to 1: each by itself
	Reorder float64       // the share of packets that overtake all that are on their way
	Rate    int64         // bit/s of IP packets; 0: no limit, and no queue
	Queue   int64         // bytes that may wait for the rate; what comes then is lost
	Largest int64         // bytes of a packet; a larger one is lost without a word; 0: no limit but that of the device
	Seed    uint64        // of what is random: the same seed makes the same losses, of one kind of path
	Kind    string        // [Netem], [TUN], or "": netem where the kernel has it
}

// The kinds of paths: the queueing discipline of the kernel over a pair of veth devices, or an emulator of our own over
// two TUN devices.
const (
	Netem = "netem"
	TUN   = "tun"
)

// notNetem says why netem cannot make such a path.
func (s Shape) notNetem() error {
	switch {
	case s.Jitter > 0: // it draws a delay for each packet, and sends them in the order of these
		return errors.New("the jitter of netem is a delay drawn anew for each packet, which would overtake others")
	case s.Reorder > 0 && s.Rate > 0:
		return errors.New("what overtakes others in netem is under no limit of a rate")
	case s.Largest > 0:
		return errors.New("netem loses no packet for its size")
	}
	return nil
}

// mostBurst is more than any queue loses at once; a longer one is an interruption.
const mostBurst = 10_000

// Check returns an error about what no path can be.
func (s Shape) Check() error {
	switch {
	case s.Kind != "" && s.Kind != Netem && s.Kind != TUN:
		return fmt.Errorf("cannot make a path of kind %q: there are netem and tun", s.Kind)
	case s.Kind == Netem && s.notNetem() != nil:
		return fmt.Errorf("cannot make such a path with netem: %w", s.notNetem())
	case s.RTT < 0 || s.Jitter < 0 || s.Rate < 0 || s.Queue < 0 || s.Burst < 0 || s.Largest < 0:
		return errors.New("cannot make a path of less than nothing")
	case s.RTT > time.Minute:
		return fmt.Errorf("cannot make a path with a round-trip time of %s: a minute is the most", s.RTT)
	case s.Jitter > s.RTT/2:
		return fmt.Errorf("cannot make a path with a jitter of %s: half of the round-trip time is the most", s.Jitter)
	case s.Loss < 0 || s.Loss > 0.9 || s.Reorder < 0 || s.Reorder > 0.9:
		return errors.New("cannot make a path where more than 90 % of the packets are lost or overtake others")
	case s.Burst > mostBurst:
		return fmt.Errorf("cannot make a path that loses %g packets in a row: %d are the most", s.Burst, mostBurst)
	case s.Rate > 0 && s.Queue < 2*mtu:
		return fmt.Errorf("cannot make a path with a queue of %d bytes: two packets are the least", s.Queue)
	}
	return nil
}

// Fill is s with a queue of one bandwidth-delay product, and at least 64 KiB, where it has none.
func (s Shape) Fill() Shape {
	if s.Rate > 0 && s.Queue == 0 {
		s.Queue = max(int64(float64(s.Rate)/8*s.RTT.Seconds()), 64<<10)
	}
	return s
}

// losses decides which packets are lost: each by itself, or in bursts (the model of Gilbert: all are lost while the path
// is bad).
type losses struct {
	random     *rand.Rand
	share      float64
	begin, end float64 // the chances that a burst begins, and that it ends; begin 0: there are none
	bad        bool
}

func (s Shape) losses(direction uint64) *losses {
	l := &losses{random: rand.New(rand.NewPCG(s.Seed, direction)), share: s.Loss}
	if s.Burst > 1 && s.Loss > 0 {
		l.end = 1 / s.Burst
		l.begin = min(l.end*s.Loss/(1-s.Loss), 1)
	}
	return l
}

// next reports whether the next packet is lost.
func (l *losses) next() bool {
	switch {
	case l.share == 0:
		return false
	case l.begin == 0:
		return l.random.Float64() < l.share
	case l.bad:
		l.bad = l.random.Float64() >= l.end
	default:
		l.bad = l.random.Float64() < l.begin
	}
	return l.bad
}
