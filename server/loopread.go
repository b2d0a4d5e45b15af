package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"
)

// event is what the kernel says of a connection.
func (l *loop) event(p place, _ uint32) {
	s := l.wheel.slab.at(p.fd)
	if s.owner.Load() != l.number || s.gen != p.gen {
		return // it was closed in this turn
	}
	switch {
	case s.is(lingers):
		l.discard(p.fd, s)
	case phase(s.phase) == writing:
		l.flush(p.fd, s)
	case phase(s.phase) != held:
		l.receive(p.fd, s)
	}
}

// receive reads, and has answered what there is. It returns false where nothing came. Where a message is longer than what
// one read takes, it reads on for some time, since what is there at once does not count as held.
func (l *loop) receive(fd int32, s *slot) (came bool) {
	p := place{fd, s.gen}
	for range readsMost {
		n, room := l.receiveOnce(fd, s)
		came = came || n
		if !room || l.find(p) == nil || phase(s.phase) != reading {
			break
		}
	}
	l.account(p)
	return came
}

// readsMost bounds how often one connection is read in a turn.
const readsMost = 4

// receiveOnce makes one read. more: all the room was filled, so that there may be more.
func (l *loop) receiveOnce(fd int32, s *slot) (came, more bool) {
	b, from, start := l.in, 0, 0
	if s.side != 0 {
		d := &l.sides[s.side]
		part := d.in.data[d.from:d.until]
		if len(part) > len(b)/2 { // it is long, and stays where it is
			l.makeRoom(d)
			b, from, start = d.in.data, d.from, d.until
		} else {
			start = copy(b, part)
		}
	}
	n, errno := rawRead(uintptr(fd), b[start:])
	switch {
	case errno == unix.EAGAIN:
		return false, false
	case errno != 0:
		l.end(fd, s, Broken)
	case phase(s.phase) == handshake:
		l.introduce(fd, s, b[:start+n], n == 0)
	case n == 0:
		l.end(fd, s, ClientClosed)
	default:
		l.arrived(s, n)
		l.handle(fd, s, b, from, start+n)
	}
	return true, n == min(len(b)-start, rawMost)
}

// account says how much the connection holds of a message that has not arrived whole, while bytes are waited for.
func (l *loop) account(p place) {
	s := l.find(p)
	if s == nil || phase(s.phase) != reading {
		return
	}
	if d := &l.sides[s.side]; !l.hold(p.fd, s, d, int64(len(d.in.data))) {
		l.end(p.fd, s, InputFull)
	}
}

func (l *loop) arrived(s *slot, n int) {
	s.bytesIn += uint64(n)
	l.sum.bytesIn.Add(uint64(n))
}

// makeRoom makes sure that a part of a message can grow.
func (l *loop) makeRoom(d *side) {
	switch {
	case d.until < len(d.in.data):
	case d.from > 0:
		d.until = copy(d.in.data, d.in.data[d.from:d.until])
		d.from = 0
	default:
		larger := l.server.buffers.get(2 * len(d.in.data))
		copy(larger.data, d.in.data)
		l.server.buffers.put(d.in)
		d.in = larger
	}
}

// introduce has a proxy tell who its client is, see Server.introduce.
func (l *loop) introduce(fd int32, s *slot, b []byte, over bool) {
	header := bytes.NewReader(b)
	remote, err := readProxy(header)
	short := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	switch {
	case short && !over:
		l.keepIn(s, b, 0, len(b))
		return
	case err != nil:
		l.end(fd, s, l.server.unintroduced(err))
		return
	}
	if remote != nil {
		client, _ := clientOf(remote)
		if why := l.server.admit(client); why != notEnded {
			l.end(fd, s, why)
			return
		}
		s.introduce(remote)
		s.flags |= counted
	}
	l.enter(fd, s, waiting)
	rest := b[len(b)-header.Len():]
	if len(rest) == 0 {
		l.bare(fd, s)
		return
	}
	l.arrived(s, len(rest))
	l.handle(fd, s, b, len(b)-len(rest), len(b))
}

// handle has answered what of b was received.
func (l *loop) handle(fd int32, s *slot, b []byte, from, until int) {
	h := l.handlers[s.handler].of.messages
	begin := int64(0)
	if s.batches%timedBatches == 0 {
		begin = l.tell()
	}
	s.batches++
	consumed := false
	for from < until {
		draining := l.server.draining.Load()
		step, why := l.ask(h, s, b[from:until])
		if why == Panicked {
			l.end(fd, s, why)
			return
		}
		from += step.Consumed
		s.messages += uint64(step.Messages)
		l.sum.messages.Add(uint64(step.Messages))
		if draining && step.Consumed > 0 {
			l.cork(fd, s, true)
		}
		if sent, broken := l.send(fd, s, step.Out); broken {
			l.end(fd, s, Broken)
			return
		} else if sent < len(step.Out) {
			l.keepOut(fd, s, step.Out[sent:], why, begin, b, from, until)
			return
		}
		if why != notEnded {
			l.end(fd, s, why)
			return
		}
		if step.Consumed == 0 {
			break
		}
		consumed = true
	}
	if begin != 0 && consumed {
		l.server.count.latency.add(time.Duration(l.tell() - begin))
	}
	l.settle(fd, s, b, from, until, consumed)
}

// ask calls the handler. A panic is Panicked.
func (l *loop) ask(h MessageHandler, s *slot, in []byte) (step Step, why Reason) {
	begin := l.tell()
	defer func() {
		if p := recover(); p != nil {
			l.server.panicked(s.RemoteAddr(), p, debug.Stack())
			step, why = Step{}, Panicked
		}
		if took := l.tell() - begin; took > int64(mostOfACall) {
			l.server.stalled(h, time.Duration(took))
		}
	}()
	step, err := h.Handle(l.out[:0], in)
	if step.Consumed < 0 || step.Consumed > len(in) {
		return Step{}, l.server.overran(s, step.Consumed, len(in))
	}
	switch {
	case errors.Is(err, ErrTooLong):
		why = TooLong
	case err != nil:
		why = BadMessage
	}
	return step, why
}

// mostOfACall is how long a handler may take for one call on a loop, where all others wait for it.
const mostOfACall = 20 * time.Millisecond

// stalled counts a call of a handler that was too long, and tells it, not each time.
func (s *Server) stalled(h MessageHandler, took time.Duration) {
	s.count.stalls.Add(1)
	now, told := int64(time.Since(s.start)), s.stallTold.Load()
	if told != 0 && now-told < int64(tellPause) || !s.stallTold.CompareAndSwap(told, now) {
		return
	}
	s.settings.Load().Log.Warn("a handler has held up all connections of its loop", "handler", fmt.Sprintf("%T", h),
		"took", took.Round(time.Millisecond), "hint", "a MessageHandler must not wait; a StreamHandler may. "+
			"Where the processors are overloaded, it may have waited for one of these")
}

// settle keeps what was not consumed, and says what is waited for now, see messageConn.
func (l *loop) settle(fd int32, s *slot, b []byte, from, until int, consumed bool) {
	if from == until {
		l.bare(fd, s)
		l.enter(fd, s, waiting)
		if s.is(lastSent) {
			l.last = append(l.last, place{fd, s.gen})
		}
		return
	}
	l.keepIn(s, b, from, until)
	if consumed || phase(s.phase) != reading {
		l.enter(fd, s, reading)
	}
	l.cork(fd, s, false) // what was answered before is not the end
}

// keepIn keeps a part of a message. b may be where the part before it was kept.
func (l *loop) keepIn(s *slot, b []byte, from, until int) {
	d := l.aside(s)
	if d.in != nil && &d.in.data[0] == &b[0] {
		d.from, d.until = from, until
		return
	}
	if d.in != nil && len(d.in.data) != smallBuffer { // the message before was long
		l.server.buffers.put(d.in)
		d.in = nil
	}
	if d.in == nil {
		d.in = l.server.buffers.get(until - from)
	}
	d.from, d.until = 0, copy(d.in.data, b[from:until])
}
