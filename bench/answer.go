package bench

import "time"

// receive reads what is there. Where the event says that the service has closed, too, it reads on to the end: no other event
// would say it.
func (w *worker) receive(i int, now time.Duration, ends bool) {
	c := &w.conns[i]
	for generation := c.opened; c.opened == generation; {
		n, bad := w.get(c, w.in)
		switch {
		case bad != none:
			w.lose(i, now, bad)
			return
		case n < 0: // nothing more for now
			return
		case n == 0:
			w.ended(i, now)
			return
		}
		if now >= w.o.Warmup && now < w.end && w.running {
			w.bytesIn += uint64(n)
		}
		if c.tls != nil && len(c.tls.wire.out) > 0 { // an answer of TLS itself
			own := c.tls.wire.out
			c.tls.wire.out = nil
			if w.push(i, now, own); c.opened != generation {
				return
			}
		}
		if !w.feed(i, now, w.in[:n]) || n < len(w.in) && c.tls == nil && !ends {
			return
		}
	}
}

// feed takes answers out of what has arrived, and reports whether the connection goes on.
func (w *worker) feed(i int, now time.Duration, in []byte) bool {
	c := &w.conns[i]
	if !w.running {
		return true // a greeting, before anything was asked
	}
	for len(in) > 0 {
		if c.answered == c.asked && w.o.Protocol != Receive {
			if w.o.Protocol == Send {
				return true // nobody asked
			}
			w.lose(i, now, wrongAnswer)
			return false
		}
		used, whole, bad := w.wire.take(c, in, c.underWay())
		in = in[used:]
		switch {
		case whole == 0 && bad != none:
			w.lose(i, now, bad)
			return false
		case whole == 0:
			return true
		case w.o.Protocol == Receive:
			w.note(c, now, now, whole)
		}
		if bad != none {
			whole--
		}
		w.done(c, now, whole)
		if bad != none {
			w.failed1(c, bad, now)
		}
		if c.last {
			w.closesAfter(i, now)
			return false
		}
	}
	if w.o.Protocol == Talk {
		if c.answered == c.asked {
			w.shut(i)
			w.slot(i, now)
			return false
		}
		return true
	}
	w.next(i, now)
	return true
}

// done counts the answers to the n oldest requests of c.
func (w *worker) done(c *conn, now time.Duration, n int) {
	for n > 0 {
		t := w.oldest(c, n)
		n -= t.n
		w.total += uint64(t.n)
		if now >= w.o.Warmup && now < w.end {
			w.inTime += uint64(t.n)
		}
		if t.due < w.o.Warmup {
			continue
		}
		w.answered += uint64(t.n)
		w.at(now-w.o.Warmup).add(now-t.due, t.n)
		record(w.actual, now-t.sent, t.n)
		if w.o.Rate > 0 {
			record(w.intended, now-t.due, t.n)
		}
	}
}

// next asks again on a connection that has been answered.
func (w *worker) next(i int, now time.Duration) {
	c := &w.conns[i]
	if w.o.Think == 0 || w.o.Rate > 0 {
		w.hasRoom(i, now)
		return
	}
	for ; c.underWay()+c.thinking < w.o.Pipeline; c.thinking++ {
		w.thinking.push(i, now+w.o.Think)
	}
}

// ended is for a connection that the service has closed.
func (w *worker) ended(i int, now time.Duration) {
	c := &w.conns[i]
	if c.stage == stageEnd && c.answered < c.asked && w.o.Protocol == HTTP { // that is how this answer ends
		h, ok := w.wire.(*httpWire)
		if bad := h.end(c); ok && bad != none {
			w.failed1(c, bad, now)
		} else {
			w.done(c, now, 1)
		}
		w.closesAfter(i, now)
		return
	}
	w.lose(i, now, closed)
}

// closesAfter ends a connection whose service has said that it does; what was asked behind the answer is lost.
func (w *worker) closesAfter(i int, now time.Duration) {
	c := &w.conns[i]
	for c.answered < c.asked {
		w.failed1(c, closed, now)
	}
	w.shut(i)
	w.ready.push(i, now)
}

// failed1 counts the oldest request of c as failed.
func (w *worker) failed1(c *conn, why kind, now time.Duration) {
	if t := w.oldest(c, 1); t.due < w.o.Warmup {
		return
	}
	w.failed++
	w.errors[why]++
	w.at(now-w.o.Warmup).failed++
}

// lose gives a connection up, and all that was asked on it, and has it opened again.
func (w *worker) lose(i int, now time.Duration, why kind) {
	c := &w.conns[i]
	if c.answered == c.asked {
		w.idle[why]++
	}
	for c.answered < c.asked {
		w.failed1(c, why, now)
	}
	w.lost++
	w.shut(i)
	w.retry(i, now)
}
