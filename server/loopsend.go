package server

import (
	"time"

	"golang.org/x/sys/unix"
)

// send sends as much of an answer as the client takes at once.
func (l *loop) send(fd int32, s *slot, answer []byte) (sent int, broken bool) {
	for sent < len(answer) {
		n, errno := rawWrite(uintptr(fd), answer[sent:])
		sent += n
		s.bytesOut += uint64(n)
		l.sum.bytesOut.Add(uint64(n))
		if errno != 0 {
			return sent, errno != unix.EAGAIN
		}
	}
	return sent, false
}

// keepOut keeps what the client has not taken of an answer, see messageConn.sendSlowly, and what else was received. why
// is the end that follows, if any.
func (l *loop) keepOut(fd int32, s *slot, rest []byte, why Reason, begin int64, b []byte, from, until int) {
	d := l.aside(s)
	d.tail, d.sent, d.then, d.begin = l.server.buffers.get(len(rest)), 0, why, begin
	d.has = copy(d.tail.data, rest)
	if from < until {
		l.keepIn(s, b, from, until)
	} else if d.in != nil {
		l.server.buffers.put(d.in)
		d.in = nil
	}
	l.enter(fd, s, held)
	l.hold(fd, s, d, 0) // from here on output counts the buffer
	d.wants = int64(len(d.tail.data) + smallBuffer)
	if d.in != nil {
		d.wants += int64(len(d.in.data) - smallBuffer)
	}
	if reserved, ok := l.server.output.try(d.wants); ok {
		l.write(fd, s, d, reserved)
		return
	}
	waits, ok := l.server.output.await(d.wants)
	if !ok {
		l.end(fd, s, OutputFull)
		return
	}
	d.heldBytes = waits
	l.held = append(l.held, place{fd, s.gen})
	l.listen(fd, s, unix.EPOLLET) // nothing, and of errors no more than the first
}

// write has the tail sent as the client takes it.
func (l *loop) write(fd int32, s *slot, d *side, reserved int64) {
	d.reserved, d.taken = reserved, taken{}
	l.enter(fd, s, writing)
	l.listen(fd, s, unix.EPOLLOUT)
}

// serveHeld goes on with connections that wait for memory, in their order.
func (l *loop) serveHeld() {
	for len(l.held) > 0 {
		p := l.held[0]
		if s := l.find(p); s != nil && phase(s.phase) == held {
			d := &l.sides[s.side]
			reserved, ok := l.server.output.try(d.wants)
			if !ok {
				return
			}
			l.server.output.held.Add(-d.heldBytes)
			d.heldBytes = 0
			l.write(p.fd, s, d, reserved)
		}
		l.held = l.held[1:]
	}
	l.held = nil
}

// flush sends more of the tail, and goes on with what else was received once it is sent.
func (l *loop) flush(fd int32, s *slot) {
	d, gen := &l.sides[s.side], s.gen
	sent, broken := l.send(fd, s, d.tail.data[d.sent:d.has])
	d.sent += sent
	switch {
	case broken:
		l.end(fd, s, Broken)
		return
	case d.sent < d.has:
		return
	}
	l.server.buffers.put(d.tail)
	l.server.output.release(d.reserved)
	d.tail, d.reserved = nil, 0
	if d.begin != 0 {
		l.server.count.latency.add(time.Duration(l.tell() - d.begin))
	}
	if d.then != notEnded {
		l.end(fd, s, d.then)
		return
	}
	l.listen(fd, s, unix.EPOLLIN)
	if d.in == nil {
		l.settle(fd, s, nil, 0, 0, true)
		return
	}
	l.handle(fd, s, d.in.data, d.from, d.until)
	l.account(place{fd, gen})
}
