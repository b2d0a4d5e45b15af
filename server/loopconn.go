package server

import (
	"log/slog"
	"math"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// side is what a connection has while more is to be kept of it than its slot: a part of a message, or an answer that the
// client has not taken.
type side struct {
	in          *buffer // nil: no part of a message
	from, until int     // what of in is one
	tail        *buffer // nil: no answer
	sent, has   int     // what of tail was sent, and where it ends
	then        Reason  // why it ends once the tail is sent

	holds     int64 // what the server's input was told
	reserved  int64 // of the server's output
	heldBytes int64 // of those that wait for it
	wants     int64 // what it waits for

	taken taken
	begin int64 // when what is answered had arrived; 0: that is not measured
}

// adopt serves a connection. It is anybody's, with the server's count of what runs.
func (l *loop) adopt(a *arrival, now *settings) {
	l.conns.Add(1)
	if !a.proxied {
		l.rests.Add(1)
	}
	l.server.running.Add(1)
	a.now = now
	l.mu.Lock()
	defer l.mu.Unlock()
	l.comers = append(l.comers, a)
	l.call()
}

func (l *loop) begin(a *arrival) {
	defer a.done()
	fd := int32(a.fd)
	s := l.wheel.slab.open(fd)
	if s.owner.Load() != 0 { // nobody has closed it, and the kernel gives it again; what other loops wrote is seen from here on
		panic("a descriptor is in use twice") //nolint:forbidigo // clients would get each other's answers
	}
	s.state = state{opened: l.now, since: l.now, handler: l.use(a.now)}
	s.owner.Store(l.number)
	s.introduce(a.remote)
	s.phase = uint8(waiting)
	if a.proxied {
		s.flags |= fromProxy
		s.phase = uint8(handshake)
	}
	if a.client.IsValid() {
		s.flags |= counted
	}
	select {
	case <-l.server.forced: // accepted too late to be in the list of those that are cut
		l.end(fd, s, DrainTimeout)
		return
	default:
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: fd, Pad: int32(s.gen)}
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, int(fd), &event); err != nil { // ENOMEM, ENOSPC: epoll_ctl(2)
		l.end(fd, s, Broken)
		return
	}
	l.watch(fd, s)
	l.receive(fd, s) // most clients speak at once
}

// use finds the handler of these settings among those that connections have: each keeps its own over a reload.
func (l *loop) use(of *settings) uint16 {
	free := -1
	for i := range l.handlers {
		switch u := &l.handlers[i]; {
		case u.of == of:
			u.conns++
			return uint16(i)
		case u.conns == 0:
			u.of, free = nil, i
		}
	}
	switch {
	case free >= 0:
	case len(l.handlers) > math.MaxUint16: // 65,536 reloads, of each of which a connection is left
		l.handlers[0].conns++
		return 0
	default:
		free = len(l.handlers)
		l.handlers = append(l.handlers, use{})
	}
	l.handlers[free] = use{of, 1}
	return uint16(free)
}

// enter begins a phase.
func (l *loop) enter(fd int32, s *slot, p phase) {
	before := phase(s.phase)
	s.phase, s.since = uint8(p), l.now
	if before == p && p == waiting && s.prev != 0 { // the wheel looks at it before its time is over
		return
	}
	if before != p && before == waiting {
		l.rests.Add(-1)
	} else if before != p && p == waiting {
		l.rests.Add(1)
	}
	l.watch(fd, s)
}

// listen says which events of the connection are waited for.
func (l *loop) listen(fd int32, s *slot, events uint32) {
	event := unix.EpollEvent{Events: events, Fd: fd, Pad: int32(s.gen)}
	_ = unix.EpollCtl(l.epoll, unix.EPOLL_CTL_MOD, int(fd), &event)
	s.flags &^= unwatched
	if events&unix.EPOLLIN == 0 {
		s.flags |= unwatched
	}
}

// aside is the side of a connection, which gets one where it has none.
func (l *loop) aside(s *slot) *side {
	if s.side == 0 {
		if n := len(l.spare); n > 0 {
			s.side, l.spare = l.spare[n-1], l.spare[:n-1]
		} else {
			s.side = int32(len(l.sides))
			l.sides = append(l.sides, side{})
		}
	}
	return &l.sides[s.side]
}

// bare gives back the side of a connection, and all that is in it.
func (l *loop) bare(fd int32, s *slot) {
	if s.side == 0 {
		return
	}
	d := &l.sides[s.side]
	l.hold(fd, s, d, 0)
	if d.in != nil {
		l.server.buffers.put(d.in)
	}
	if d.tail != nil {
		l.server.buffers.put(d.tail)
	}
	l.server.output.held.Add(-d.heldBytes)
	if d.reserved > 0 {
		l.server.output.release(d.reserved)
	}
	*d = side{}
	l.spare = append(l.spare, s.side)
	s.side = 0
}

// hold says how much the connection holds of a message that has not arrived whole, where that has changed.
func (l *loop) hold(fd int32, s *slot, d *side, bytes int64) bool {
	if bytes == d.holds {
		return true
	}
	d.holds = bytes
	return l.server.input.hold(lodger{l, place{fd, s.gen}, s.client()}, bytes)
}

// lodger is a connection of a loop in the accounts of input.
type lodger struct {
	loop *loop
	place
	address netip.Addr
}

func (l lodger) client() netip.Addr { return l.address }
func (l lodger) wasCut() bool       { return false } // what gave way, and goes on until its loop hears of it, is counted anew

func (l lodger) cut(why Reason) bool {
	l.loop.post(func() {
		if s := l.loop.find(l.place); s != nil {
			l.loop.end(l.fd, s, why)
		}
	})
	return true
}

// find is the slot of a connection, nil where that is gone or ending.
func (l *loop) find(p place) *slot {
	if s := l.wheel.slab.at(p.fd); s.owner.Load() == l.number && s.gen == p.gen && !s.is(lingers) {
		return s
	}
	return nil
}

// cork is that of a conn.
func (l *loop) cork(fd int32, s *slot, on bool) {
	if s.is(lastSent) == on {
		return
	}
	s.flags ^= lastSent
	value := 0
	if on {
		value = 1
	}
	_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_CORK, value) // of a Unix socket it is an error
}

// end ends a connection.
func (l *loop) end(fd int32, s *slot, why Reason) {
	l.bare(fd, s)
	l.wheel.take(s)
	l.server.crowd.leave(s.client())
	s.why = uint8(why)
	if phase(s.phase) == waiting {
		l.rests.Add(-1)
	}
	switch {
	case unheard(why):
		l.linger(fd, s)
	case why == ClientRate || why == ClientConns: // which shows late behind a proxy
		_ = unix.EpollCtl(l.epoll, unix.EPOLL_CTL_DEL, int(fd), nil)
		remote := s.RemoteAddr()
		l.gone(s)
		l.server.turnAway(newSocket(int(fd), remote, remote))
		l.left()
	default:
		l.close(fd, s)
	}
}

// linger is that of a server, without a goroutine.
func (l *loop) linger(fd int32, s *slot) {
	s.flags |= lingers
	s.since = l.now
	if err := unix.Shutdown(int(fd), unix.SHUT_WR); err != nil {
		l.close(fd, s)
		return
	}
	if s.is(unwatched) {
		l.listen(fd, s, unix.EPOLLIN)
	}
	l.watch(fd, s)
}

// discard reads what comes after the end.
func (l *loop) discard(fd int32, s *slot) {
	if n, errno := rawRead(uintptr(fd), l.in[:lingerChunk]); n == 0 && errno != unix.EAGAIN {
		l.close(fd, s)
	}
}

// close closes the descriptor. Its slot is free before, since the kernel gives it to the next connection at once.
func (l *loop) close(fd int32, s *slot) {
	l.gone(s)
	_ = unix.Close(int(fd))
	l.left()
}

// gone counts the end, and frees the slot.
func (l *loop) gone(s *slot) {
	l.wheel.take(s)
	l.handlers[s.handler].conns--
	l.server.ended(Reason(s.why), departed{s.RemoteAddr(), Reason(s.why), time.Duration(l.now - s.opened), traffic{
		s.bytesIn, s.bytesOut, s.messages,
	}})
	s.gen++
	s.owner.Store(0)
}

func (l *loop) left() {
	l.conns.Add(-1)
	l.server.slots.leave()
	l.server.running.Done()
}

// departed is a connection that has ended, for the log.
type departed struct {
	remote net.Addr
	why    Reason
	age    time.Duration
	traffic
}

func (d departed) LogValue() slog.Value { return told(d.remote, d.why, d.age, d.traffic) }
