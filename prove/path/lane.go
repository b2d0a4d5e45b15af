package path

import (
	"math/rand/v2"
	"time"
)

// lane is one direction of a path. Times are in nanoseconds since the emulator began.
type lane struct {
	shape    Shape
	lost     *losses
	random   *rand.Rand // of jitter and overtaking
	jitter   wander
	oneWay   int64 // without jitter
	free     int64 // when the link has sent all that waits
	lastDue  int64 // no packet that keeps the order comes before that
	ordered  fifo
	ahead    fifo // those that overtake
	pool     pool
	counters counters
}

// packet is on its way. Due is when it arrives, sent when it left the queue.
type packet struct {
	data      []byte // with its virtio header
	due, sent int64
	queued    bool // it had to wait for another one
	overtook  bool
}

func newLane(s Shape, direction uint64) *lane {
	return &lane{
		shape: s, lost: s.losses(direction), random: rand.New(rand.NewPCG(s.Seed, 2+direction)),
		oneWay: int64(s.RTT / 2), counters: newCounters(),
	}
}

// take decides what becomes of a packet that comes at a time: it is lost, finds the queue full, or gets its moment.
func (l *lane) take(data []byte, now int64) {
	size := int64(len(data) - virtioSize)
	l.counters.offered++
	if l.lost.next() || l.shape.Largest > 0 && size > l.shape.Largest {
		l.counters.lost++
		return
	}
	sent, queued := now, false
	if l.shape.Rate > 0 {
		begin := max(now, l.free)
		queued = l.free > now
		if waiting := (begin - now) * l.shape.Rate / 8 / int64(time.Second); waiting+size > l.shape.Queue {
			l.counters.overflowed++
			return
		}
		sent = begin + size*8*int64(time.Second)/l.shape.Rate
		l.free = sent
	}
	p := packet{data: l.pool.get(len(data)), due: sent + l.oneWay, sent: sent, queued: queued}
	copy(p.data, data)
	if l.shape.Jitter > 0 {
		p.due += l.jitter.at(sent, int64(l.shape.Jitter), l.random)
	}
	if l.shape.Reorder > 0 && l.random.Float64() < l.shape.Reorder {
		p.due, p.overtook = sent, true
		l.counters.overtook++
		l.ahead.push(p)
		return
	}
	p.due = max(p.due, l.lastDue)
	l.lastDue = p.due
	l.ordered.push(p)
}

// wander goes evenly from one random height to the next. A delay that were drawn anew for each packet would be that of the
// slowest one for all, since packets keep their order.
type wander struct {
	from, to   int64
	begin, end int64
}

// at is the height at a time, from -most to most. It never falls faster than half of the time that passes.
func (w *wander) at(now, most int64, random *rand.Rand) int64 {
	for now >= w.end {
		w.from, w.to = w.to, random.Int64N(2*most+1)-most
		w.begin, w.end = w.end, w.end+max(4*most, int64(10*time.Millisecond))
	}
	return w.from + int64(float64(w.to-w.from)*float64(now-w.begin)/float64(w.end-w.begin))
}

// next is when the next packet arrives; ok is false where none is on its way.
func (l *lane) next() (due int64, ok bool) {
	due, ok = l.ordered.due()
	if ahead, some := l.ahead.due(); some && (!ok || ahead < due) {
		return ahead, true
	}
	return due, ok
}

// pop takes the packet that next is about off the lane.
func (l *lane) pop() packet {
	first, ok := l.ordered.due()
	if ahead, some := l.ahead.due(); some && (!ok || ahead < first) {
		return l.ahead.pop()
	}
	return l.ordered.pop()
}

// fifo is a queue of packets in the order of their arrival: a ring that grows.
type fifo struct {
	ring        []packet
	first, size int
}

func (f *fifo) push(p packet) {
	if f.size == len(f.ring) {
		grown := make([]packet, max(64, 2*len(f.ring)))
		for i := range f.size {
			grown[i] = f.ring[(f.first+i)%len(f.ring)]
		}
		f.ring, f.first = grown, 0
	}
	f.ring[(f.first+f.size)%len(f.ring)] = p
	f.size++
}

func (f *fifo) due() (int64, bool) {
	if f.size == 0 {
		return 0, false
	}
	return f.ring[f.first].due, true
}

func (f *fifo) pop() packet {
	p := f.ring[f.first]
	f.ring[f.first] = packet{}
	f.first = (f.first + 1) % len(f.ring)
	f.size--
	return p
}

// pool keeps the memory of packets: acknowledgements are small, data is not.
type pool struct{ small, large [][]byte }

const smallPacket, largePacket = 128, virtioSize + mtu

func (p *pool) get(size int) []byte {
	list, most := &p.large, max(largePacket, size)
	if size <= smallPacket {
		list, most = &p.small, smallPacket
	}
	if n := len(*list); n > 0 && cap((*list)[n-1]) >= size {
		buf := (*list)[n-1]
		*list = (*list)[:n-1]
		return buf[:size]
	}
	return make([]byte, size, most)
}

func (p *pool) put(buf []byte) {
	if cap(buf) <= smallPacket {
		p.small = append(p.small, buf)
		return
	}
	p.large = append(p.large, buf)
}
