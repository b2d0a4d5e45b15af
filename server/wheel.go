package server

// wheel knows which connections of a loop have to be looked at when. It has a bucket for each of the next 512 ticks, and
// one for each 512 ticks after that; what is later is looked at in between.
//
// A deadline that is put off, as with each message, does not move its connection: it is found when the former one is
// over, and put where it belongs then. So a message costs the wheel nothing.
type wheel struct {
	slab  *slab
	heads [2 * wheelTicks]int32 // the fine ones, then the coarse ones; the descriptor + 1, 0 where there is none
	tick  uint64                // all before it is done
	count int
}

const (
	wheelTicks = 512
	tickBits   = 23 // a tick is 2^23 ns, 8.4 ms
)

func tickOf(at int64) uint64 { return uint64(at) >> tickBits }

// put has the connection looked at no later than at that time, nanoseconds, and not much before.
func (w *wheel) put(fd int32, s *slot, at int64) {
	due := tickOf(at) + 1 // all of the tick is over then
	due = max(due, w.tick+1)
	if s.prev != 0 {
		if int32(s.due-uint32(due)) <= 0 { // the number wraps after more than a year
			return
		}
		w.take(s)
	}
	s.due = uint32(due)
	bucket := int32(due % wheelTicks)
	if ahead := due - w.tick; ahead >= wheelTicks {
		turns := min(due/wheelTicks-w.tick/wheelTicks, wheelTicks-1)
		bucket = int32(wheelTicks + (w.tick/wheelTicks+turns)%wheelTicks)
	}
	// prev is the descriptor + 1 before it, or where it is the first, its bucket + 1 as a negative number.
	s.next, s.prev = w.heads[bucket], -bucket-1
	if s.next != 0 {
		w.slab.at(s.next - 1).prev = fd + 1
	}
	w.heads[bucket] = fd + 1
	w.count++
}

// take takes a connection out, if it is in.
func (w *wheel) take(s *slot) {
	if s.prev == 0 {
		return
	}
	if s.prev < 0 {
		w.heads[-s.prev-1] = s.next
	} else {
		w.slab.at(s.prev - 1).next = s.next
	}
	if s.next != 0 {
		w.slab.at(s.next - 1).prev = s.prev
	}
	s.next, s.prev = 0, 0
	w.count--
}

// turn calls look for those whose time has come, at most so many: the rest comes next. look may put them in again.
func (w *wheel) turn(now int64, most int, look func(fd int32, s *slot)) {
	for last := tickOf(now); w.tick <= last; w.tick++ {
		if w.count == 0 {
			w.tick = last
			return
		}
		buckets := [2]uint64{w.tick % wheelTicks, w.tick % wheelTicks}
		if w.tick%wheelTicks == 0 {
			buckets[0] = wheelTicks + w.tick/wheelTicks%wheelTicks
		}
		for _, bucket := range buckets {
			for w.heads[bucket] != 0 {
				if most--; most < 0 {
					return
				}
				fd := w.heads[bucket] - 1
				s := w.slab.at(fd)
				w.take(s)
				look(fd, s)
			}
		}
	}
}

// wait is how long nothing has to be looked at, nanoseconds, at most so long.
func (w *wheel) wait(now, most int64) int64 {
	if w.count == 0 {
		return most
	}
	for tick := w.tick; ; tick++ {
		at := int64(tick) << tickBits
		if at-now >= most {
			return most
		}
		if w.heads[tick%wheelTicks] != 0 || tick%wheelTicks == 0 && w.heads[wheelTicks+tick/wheelTicks%wheelTicks] != 0 {
			return max(at-now, 0)
		}
	}
}
