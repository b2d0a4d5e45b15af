package path

import (
	"math"
	"slices"
	"testing"
	"time"
)

const milli = int64(time.Millisecond)

// send gives l packets of 1500 bytes at even intervals and returns when each that arrives is due, by its number.
func send(l *lane, packets int, interval int64) map[int]int64 {
	due := map[int]int64{}
	data := make([]byte, virtioSize+mtu)
	for i := range packets {
		data[virtioSize], data[virtioSize+1], data[virtioSize+2] = byte(i>>16), byte(i>>8), byte(i)
		l.take(data, int64(i)*interval)
	}
	for _, some := l.next(); some; _, some = l.next() {
		p := l.pop()
		at := p.data[virtioSize:]
		due[int(at[0])<<16|int(at[1])<<8|int(at[2])] = p.due
	}
	return due
}

func TestALanePacketTakesHalfOfTheRoundTripTime(t *testing.T) {
	for i, due := range send(newLane(Shape{RTT: 80 * time.Millisecond}, 0), 100, milli) {
		if want := int64(i)*milli + 40*milli; due != want {
			t.Errorf("packet %d is due at %d, want %d", i, due, want)
		}
	}
}

func TestTheRateSpacesPacketsAndTheQueueHoldsSoManyBytes(t *testing.T) {
	// 12 Mbit/s are a packet each millisecond. Of 100 that come at once one is being sent, and ten fit into the queue.
	l := newLane(Shape{Rate: 12e6, Queue: 10 * mtu}, 0)
	due := send(l, 100, 0)
	if len(due) != 10 || l.counters.overflowed != 90 {
		t.Fatalf("%d arrive and %d find the queue full, want 10 and 90", len(due), l.counters.overflowed)
	}
	for i, at := range due {
		if want := int64(i+1) * milli; at != want {
			t.Errorf("packet %d arrives at %d, want %d", i, at, want)
		}
	}
}

func TestAsManyPacketsAreLostAsAskedForAndInBurstsOfThatLength(t *testing.T) {
	for _, s := range []Shape{{Loss: 0.01}, {Loss: 0.01, Burst: 1}, {Loss: 0.02, Burst: 4}, {Loss: 0.3, Burst: 10}} {
		const n = 500_000
		l, lost, bursts, before := s.losses(0), 0, 0, false
		for range n {
			is := l.next()
			if is {
				lost++
				if !before {
					bursts++
				}
			}
			before = is
		}
		if got := float64(lost) / n; math.Abs(got/s.Loss-1) > 0.05 {
			t.Errorf("%+v: the share %.4f was lost", s, got)
		}
		want := max(s.Burst, 1/(1-s.Loss))
		if got := float64(lost) / float64(bursts); math.Abs(got/want-1) > 0.05 {
			t.Errorf("%+v: bursts of %.2f packets, want %.2f", s, got, want)
		}
	}
}

func TestTheSameSeedLosesTheSamePackets(t *testing.T) {
	arrive := func(seed, direction uint64) []int {
		var got []int
		for i := range send(newLane(Shape{Loss: 0.1, Seed: seed}, direction), 1000, milli) {
			got = append(got, i)
		}
		slices.Sort(got)
		return got
	}
	if !slices.Equal(arrive(7, 0), arrive(7, 0)) {
		t.Error("two runs with one seed differ")
	}
	if slices.Equal(arrive(7, 0), arrive(8, 0)) || slices.Equal(arrive(7, 0), arrive(7, 1)) {
		t.Error("another seed, or direction, makes the same losses")
	}
}

func TestJitterKeepsTheOrderAndItsBounds(t *testing.T) {
	const n = 10_000
	due := send(newLane(Shape{RTT: 40 * time.Millisecond, Jitter: 5 * time.Millisecond}, 0), n, milli/10)
	early, late, sum := int64(math.MaxInt64), int64(0), int64(0)
	for i := range n {
		if i > 0 && due[i] < due[i-1] {
			t.Fatalf("packet %d arrives before the one before it", i)
		}
		took := due[i] - int64(i)*milli/10
		early, late, sum = min(early, took), max(late, took), sum+took
	}
	if early < 15*milli || late > 25*milli || late-early < 5*milli {
		t.Errorf("packets take %d to %d ns, want within 15 and 25 ms, and not all alike", early, late)
	}
	if mean := sum / n; mean < 18*milli || mean > 22*milli {
		t.Errorf("packets take %d ns on average, want 20 ms", mean)
	}
}

func TestSomePacketsOvertakeTheOthers(t *testing.T) {
	l := newLane(Shape{RTT: 40 * time.Millisecond, Reorder: 0.1}, 0)
	ahead := 0
	for i, due := range send(l, 10_000, milli) {
		switch due - int64(i)*milli {
		case 0:
			ahead++
		case 20 * milli:
		default:
			t.Fatalf("packet %d takes %d ns", i, due-int64(i)*milli)
		}
	}
	if ahead < 900 || ahead > 1100 || uint64(ahead) != l.counters.overtook {
		t.Errorf("%d of 10,000 overtake and %d are counted, want about 1,000", ahead, l.counters.overtook)
	}
}

func TestAPathThatWasNotAsItShouldBeIsNotBelieved(t *testing.T) {
	s := Shape{RTT: 80 * time.Millisecond, Loss: 0.01, Rate: 100e6}
	good := Measured{Packets: 100_000, Lost: 0.0101, Rate: 100.3e6, LateP99: 300 * time.Microsecond}
	if err := good.Carried(s); err != nil {
		t.Errorf("a good path: %v", err)
	}
	for why, spoil := range map[string]func(*Measured){
		"no packets":      func(m *Measured) { m.Packets = 0 },
		"late":            func(m *Measured) { m.LateP99 = 5 * time.Millisecond },
		"too slow":        func(m *Measured) { m.Rate = 80e6 },
		"lost too many":   func(m *Measured) { m.Lost = 0.02 },
		"lost too few":    func(m *Measured) { m.Lost = 0 },
		"missed a packet": func(m *Measured) { m.Missed = 1 },
	} {
		m := good
		if spoil(&m); m.Carried(s) == nil {
			t.Errorf("%s: it is believed", why)
		}
	}
	// Slow start ends where the round trip takes 16 ms longer, however long it is.
	far, m := Shape{RTT: 300 * time.Millisecond}, Measured{Packets: 100_000, LateP99: 3 * time.Millisecond}
	if err := m.Carried(far); err != nil {
		t.Errorf("a good long path: %v", err)
	}
	if m.LateP99 = 6 * time.Millisecond; m.Carried(far) == nil {
		t.Error("a long path that ends slow start by itself is believed")
	}
}

func TestWhatNoPathCanBeIsRefused(t *testing.T) {
	for _, s := range []Shape{
		{RTT: -1},
		{RTT: time.Hour},
		{Loss: 1},
		{Loss: -0.1},
		{Reorder: 1},
		{Rate: -1},
		{Queue: -1},
		{RTT: time.Millisecond, Jitter: time.Second},
		{Rate: 1e6, Queue: 100},
	} {
		if s.Check() == nil {
			t.Errorf("%+v is taken", s)
		}
	}
	s := Shape{RTT: 80 * time.Millisecond, Rate: 100e6}.Fill()
	if want := int64(1_000_000); s.Queue != want || s.Check() != nil {
		t.Errorf("a queue of %d bytes, want one bandwidth-delay product, %d", s.Queue, want)
	}
}

func TestTheMeasureIsOfWhatArrived(t *testing.T) {
	s := Shape{RTT: 20 * time.Millisecond, Rate: 12e6, Queue: 1 << 20}
	lanes := [2]*lane{newLane(s, 0), newLane(s, 1)}
	for i, l := range lanes {
		for range 2500 { // in spells, so that most wait for the one before
			l.take(make([]byte, virtioSize+mtu), int64(l.counters.offered)/100*100*milli)
		}
		for _, some := l.next(); some; _, some = l.next() {
			p := l.pop()
			l.counters.arrived(p, p.due+int64(i)*milli) // one direction is late
		}
	}
	m := measured(lanes)
	if m.Packets != 5000 || m.Delay.Round(time.Microsecond) != 21*time.Millisecond || m.LateMax < 990*time.Microsecond || m.LateP50 > time.Millisecond {
		t.Errorf("measured %+v", m)
	}
	if math.Abs(float64(m.Rate)/12e6-1) > 0.01 {
		t.Errorf("a rate of %d, want 12,000,000", m.Rate)
	}
}
