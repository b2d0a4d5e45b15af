package bench

import (
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
		w.receive(i, now, event.Events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0)
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
		w.buf = w.wire.ask(w.buf[:0], c, c.answered, 1) // it was counted when the connection was begun
		w.write(i, now, w.buf)
	case w.o.Protocol.single():
	default:
		w.hasRoom(i, now)
	}
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

// retry has a connection that was lost or refused opened again, however many were lost with it at some distance.
func (w *worker) retry(i int, now time.Duration) {
	c := &w.conns[i]
	if w.o.Protocol.single() && w.o.Rate > 0 && w.running {
		w.slot(i, now)
		return
	}
	w.retried = max(now+again, w.retried+apart)
	c.since = w.retried
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
	c.got, c.need, c.stage, c.last, c.extension, c.found = 0, 0, 0, false, false, false
	c.hold, c.out = c.hold[:0], c.out[:0]
	c.answered, c.first, c.groups = c.asked, 0, 0
}
