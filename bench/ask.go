package bench

import "time"

// issue sends what is due.
func (w *worker) issue(now time.Duration) {
	for !w.thinking.empty() && w.thinking.first().due <= now {
		i := w.thinking.pop()
		if w.o.Protocol.single() {
			w.ready.push(i, now)
			continue
		}
		c := &w.conns[i]
		if c.thinking--; now < w.end && c.state == open {
			w.ask(i, now, now, 1)
		}
	}
	for n := w.eager.len(); n > 0; n-- {
		i := w.eager.pop()
		if c := &w.conns[i]; now < w.end && c.state == open && len(c.out) == 0 && c.underWay() == 0 {
			w.ask(i, now, now, w.o.Pipeline)
		}
	}
	for w.o.Rate > 0 && w.left > 0 && !w.room.empty() {
		due, more := w.schedule.due()
		if !more || due > now {
			return
		}
		i := w.room.pop()
		c := &w.conns[i]
		c.waiting = false
		switch {
		case w.o.Protocol.single():
			w.schedule.take()
			w.begins(i, due, now)
		case c.state == open && c.underWay() < w.o.Pipeline:
			w.schedule.take()
			w.ask(i, due, now, 1)
			if c.state == open && !c.waiting && c.underWay() < w.o.Pipeline {
				w.hasRoom(i, now)
			}
		}
	}
}

// hasRoom is for a connection that stands and can take a request.
func (w *worker) hasRoom(i int, now time.Duration) {
	c := &w.conns[i]
	switch {
	case !w.running || w.o.Protocol == Receive:
	case w.o.Rate > 0:
		if !c.waiting {
			c.waiting = true
			w.room.push(i, 0)
		}
	case now < w.end:
		w.ask(i, now, now, w.o.Pipeline-c.underWay()-c.thinking)
	}
}

// slot is for the place of a connection that serves one request, and is free.
func (w *worker) slot(i int, now time.Duration) {
	c := &w.conns[i]
	switch {
	case w.o.Rate > 0:
		if !c.waiting {
			c.waiting = true
			w.room.push(i, 0)
		}
	case now < w.end && w.left > 0:
		if w.o.Think > 0 {
			w.thinking.push(i, now+w.o.Think)
			return
		}
		w.ready.push(i, now)
	}
}

// begins opens the connection of one request.
func (w *worker) begins(i int, due, now time.Duration) {
	c := &w.conns[i]
	w.note(c, due, now, 1)
	w.open(i, now)
}

// note counts requests of c that are being sent.
func (w *worker) note(c *conn, due, now time.Duration, n int) {
	*w.group(c, c.groups) = asking{due, now, n}
	c.groups++
	c.asked += uint64(n)
	w.pending += n
	if due >= w.o.Warmup {
		w.left -= min(w.left, uint64(n)) // of what is received more may come at once
		w.sent += uint64(n)
	}
}

// group is one of the groups of requests of c that are under way, counted from the oldest.
func (w *worker) group(c *conn, i int) *asking {
	return &w.times[(c.id/w.of)*w.o.Pipeline+(c.first+i)%w.o.Pipeline]
}

// oldest takes up to most requests from the oldest group of c that is under way.
func (w *worker) oldest(c *conn, most int) asking {
	g := w.group(c, 0)
	t := *g
	t.n = min(t.n, most)
	if g.n -= t.n; g.n == 0 {
		c.first, c.groups = (c.first+1)%w.o.Pipeline, c.groups-1
	}
	c.answered += uint64(t.n)
	w.pending -= t.n
	return t
}

// ask sends requests on a connection that stands.
func (w *worker) ask(i int, due, now time.Duration, n int) {
	c := &w.conns[i]
	if n = int(min(uint64(n), w.left)); n == 0 {
		return
	}
	w.buf = w.wire.ask(w.buf[:0], c, c.asked, n)
	w.note(c, due, now, n)
	w.write(i, now, w.buf)
}

// write sends requests.
func (w *worker) write(i int, now time.Duration, requests []byte) {
	c := &w.conns[i]
	if c.tls != nil {
		records, err := c.tls.seal(requests)
		if err != nil {
			w.lose(i, now, noHandshake)
			return
		}
		requests = records
	}
	w.push(i, now, requests)
}

// push sends bytes, and keeps what the socket does not take.
func (w *worker) push(i int, now time.Duration, bytes []byte) {
	c := &w.conns[i]
	if len(c.out) > 0 {
		c.out = append(c.out, bytes...)
		return
	}
	n, bad := w.put(c, bytes)
	if bad != none {
		w.lose(i, now, bad)
		return
	}
	if now >= w.o.Warmup && now < w.end {
		w.bytesOut += uint64(n)
	}
	if n < len(bytes) {
		c.out = append(c.out[:0], bytes[n:]...)
		return
	}
	if w.o.Protocol == Send {
		w.done(c, now, c.underWay())
		w.wants(i, now)
	}
}

// flush writes what the socket did not take before.
func (w *worker) flush(i int, now time.Duration) {
	c := &w.conns[i]
	rest := c.out
	c.out = nil
	w.push(i, now, rest)
	if c.out == nil && cap(rest) <= readSize {
		c.out = rest[:0]
	}
}

// wants goes on with a one-way connection whose bytes were all taken.
func (w *worker) wants(i int, now time.Duration) {
	if w.o.Rate > 0 {
		w.hasRoom(i, now)
	} else {
		w.eager.push(i, 0)
	}
}
