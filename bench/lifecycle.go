package bench

import (
	"errors"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// openSome opens what is to be opened, no more at once than a listener's backlog holds.
func (w *worker) openSome(now time.Duration) {
	for !w.later.empty() && w.later.first().due <= now {
		w.ready.push(w.later.pop(), now)
	}
	for !w.ready.empty() && w.connecting < greeted && !w.mayNotOpen(now) {
		i := w.ready.pop()
		w.opens++
		if w.o.Protocol.single() && w.running {
			if now < w.end && w.left > 0 {
				w.begins(i, now, now)
			}
			continue
		}
		w.open(i, now)
	}
}

// mayNotOpen reports whether the connect rate is against it.
func (w *worker) mayNotOpen(now time.Duration) bool {
	rate := w.o.ConnectRate / float64(w.of)
	return rate > 0 && w.opens > rate*now.Seconds()
}

// open begins to open connection i.
func (w *worker) open(i int, now time.Duration) {
	c := &w.conns[i]
	var from netip.Addr
	if len(w.sources) > 0 {
		from = w.sources[(c.id+int(c.opened))%len(w.sources)]
	}
	c.since = now
	fd, err := dial(w.o.Target, from)
	if err != nil {
		w.fails(i, now, kindOf(err))
		return
	}
	c.fd, c.state = fd, connecting
	w.connecting++
	if err := w.watch(c, i); err != nil {
		w.fails(i, now, kindOf(err))
	}
}

// watch has epoll say once when something changes. The event carries the place of the connection and how often it was opened.
func (w *worker) watch(c *conn, i int) error {
	event := unix.EpollEvent{
		Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET, Fd: int32(i), Pad: int32(c.opened),
	}
	return unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, c.fd, &event)
}

// see looks at one event.
func (w *worker) see(event unix.EpollEvent) {
	if event.Fd < 0 {
		w.takeShaken()
		return
	}
	i := int(event.Fd)
	c := &w.conns[i]
	if int32(c.opened) != event.Pad || c.fd < 0 {
		return // of the connection before
	}
	now := w.now()
	if c.state == connecting {
		if event.Events&(unix.EPOLLOUT|unix.EPOLLERR|unix.EPOLLHUP) == 0 {
			return
		}
		if err := failure(c.fd); err != nil {
			w.fails(i, now, kindOf(err))
			return
		}
		if w.o.Target.TLS != nil {
			w.shake(i)
			return
		}
		w.stands(i, now)
	}
	if c.state != open || int32(c.opened) != event.Pad {
		return
	}
	if len(c.out) > 0 && event.Events&unix.EPOLLOUT != 0 {
		w.flush(i, now)
	}
	if c.state == open && int32(c.opened) == event.Pad && event.Events&^unix.EPOLLOUT != 0 {
		w.receive(i, now)
	}
}

// stands is for a connection that has just been opened.
func (w *worker) stands(i int, now time.Duration) {
	c := &w.conns[i]
	w.connecting--
	c.state = open
	w.tally.opened++
	w.live.open.Add(1)
	record(w.connect, now-c.since, 1)
	switch {
	case w.o.Protocol == Connect && w.running:
		w.done(c, now, 1)
		w.shut(i)
		w.slot(i, now)
	case w.o.Protocol == Talk && w.running:
		w.buf = w.wire.ask(w.buf[:0], c, c.answered) // it was counted when the connection was begun
		w.write(i, now, w.buf)
	case w.o.Protocol.single():
	default:
		w.hasRoom(i, now)
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

// receive reads what is there.
func (w *worker) receive(i int, now time.Duration) {
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
		if !w.feed(i, now, w.in[:n]) || n < len(w.in) && c.tls == nil {
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

// next asks again on a connection that has been answered.
func (w *worker) next(i int, now time.Duration) {
	c := &w.conns[i]
	if c.underWay() >= w.o.Pipeline {
		return
	}
	if w.o.Think == 0 || w.o.Rate > 0 {
		w.hasRoom(i, now)
		return
	}
	for n := w.o.Pipeline - c.underWay(); n > 0; n-- {
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
	for c.answered < c.asked {
		w.failed1(c, why, now)
	}
	w.lost++
	w.shut(i)
	w.retry(i, now)
}

// fails is for a connection that could not be opened.
func (w *worker) fails(i int, now time.Duration, why kind) {
	c := &w.conns[i]
	if c.state == connecting || c.state == shaking {
		w.connecting--
	}
	if c.answered < c.asked {
		w.failed1(c, why, now)
	} else {
		w.refusals[why]++
	}
	w.shut(i)
	w.retry(i, now)
}

func (w *worker) retry(i int, now time.Duration) {
	c := &w.conns[i]
	if w.o.Protocol.single() && w.o.Rate > 0 && w.running {
		w.slot(i, now)
		return
	}
	c.since = now + again
	w.later.push(i, c.since)
}

// shut closes a connection and forgets what was on it.
func (w *worker) shut(i int) {
	c := &w.conns[i]
	if c.state == open {
		w.live.open.Add(-1)
	}
	if c.fd >= 0 {
		_ = unix.Close(c.fd)
	}
	c.fd, c.state, c.tls = -1, idle, nil
	c.opened++
	c.got, c.need, c.stage, c.last, c.extension = 0, 0, 0, false, false
	c.hold, c.out = c.hold[:0], c.out[:0]
	c.answered, c.first, c.groups = c.asked, 0, 0
}

// sweep gives up what has taken too long, and tells the others how far this worker is.
func (w *worker) sweep(now time.Duration) {
	for i := range w.conns {
		c := &w.conns[i]
		switch {
		case (c.state == connecting || c.state == shaking) && now-c.since > w.o.Timeout:
			w.fails(i, now, connectTimedOut)
		case c.answered < c.asked && c.state == open && now-w.group(c, 0).sent > w.o.Timeout:
			w.lose(i, now, timedOut)
		}
	}
	w.live.answered.Store(w.answered)
	w.live.failed.Store(w.failed)
	h := w.actual
	if w.o.Rate > 0 {
		h = w.intended
	}
	w.live.p99.Store(h.ValueAtQuantile(99))
}

// giveUp ends what is still under way.
func (w *worker) giveUp() {
	now := w.now()
	if w.o.Rate > 0 && w.left > 0 {
		w.unsent = w.schedule.rest()
	}
	for i := range w.conns {
		c := &w.conns[i]
		for c.answered < c.asked {
			if w.o.Protocol == Send { // it was not sent in time, so it was not sent
				if t := w.oldest(c, 1); t.due >= w.o.Warmup {
					w.sent--
				}
				continue
			}
			w.failed1(c, timedOut, now)
		}
	}
}

// close closes all connections.
func (w *worker) close() error {
	for i := range w.conns {
		w.shut(i)
	}
	return errors.Join(unix.Close(w.epoll), w.shaken.close())
}
