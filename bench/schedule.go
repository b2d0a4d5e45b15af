package bench

import (
	"sort"
	"time"
)

// schedule says when the requests of an open loop are due: number n at begin + n/rate. Each worker has every so-manieth.
type schedule struct {
	next, step, total uint64
	rate              float64
}

func newSchedule(o *Options, number, workers int) schedule {
	s := schedule{next: uint64(number), step: uint64(workers), rate: o.Rate}
	s.total = uint64(o.Rate * (o.Warmup + o.Duration).Seconds())
	if o.Rate > 0 && s.total == 0 {
		s.total = 1
	}
	if o.Rate > 0 && o.Count > 0 { // those of the warm-up are not among them
		warm := sort.Search(int(s.total), func(n int) bool { return s.at(uint64(n)) >= o.Warmup })
		s.total = min(s.total, uint64(warm)+min(o.Count, s.total))
	}
	return s
}

// at is when request number n is due, since the begin.
func (s *schedule) at(n uint64) time.Duration {
	return time.Duration(float64(n) / s.rate * float64(time.Second))
}

// due is when the next request is due, since the begin, and whether there is one.
func (s *schedule) due() (at time.Duration, more bool) {
	if s.next >= s.total {
		return 0, false
	}
	return s.at(s.next), true
}

func (s *schedule) take() { s.next += s.step }

// rest is how many were due between two times, both included, and never taken.
func (s *schedule) rest(from, to time.Duration) uint64 {
	if s.next >= s.total {
		return 0
	}
	left := int((s.total - s.next + s.step - 1) / s.step)
	at := func(n int) time.Duration { return s.at(s.next + uint64(n)*s.step) }
	before := sort.Search(left, func(n int) bool { return at(n) >= from })
	until := sort.Search(left, func(n int) bool { return at(n) > to })
	return uint64(max(0, until-before))
}

// fifo is a queue of connections, each with a time. It never shrinks.
type fifo struct {
	items []queued
	head  int
	count int
}

type queued struct {
	i   int
	due time.Duration
}

func (f *fifo) empty() bool   { return f.count == 0 }
func (f *fifo) len() int      { return f.count }
func (f *fifo) first() queued { return f.items[f.head] }

func (f *fifo) push(i int, due time.Duration) {
	if f.count == len(f.items) {
		grown := make([]queued, max(16, 2*len(f.items)))
		n := copy(grown, f.items[f.head:])
		copy(grown[n:], f.items[:f.head])
		f.items, f.head = grown, 0
	}
	f.items[(f.head+f.count)%len(f.items)] = queued{i, due}
	f.count++
}

func (f *fifo) pop() int {
	i := f.items[f.head].i
	f.head = (f.head + 1) % len(f.items)
	f.count--
	return i
}
