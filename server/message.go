package server

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// messageConn drives a connection with a [MessageHandler]: read what is there, have it answered, send the answers.
//
// The system calls are made inside of [syscall.RawConn], whose functions are called until they return true, and between
// two calls the goroutine waits for the socket. So a buffer is only held while there is something in it.
type messageConn struct {
	*conn
	handler MessageHandler
	raw     syscall.RawConn // nil: not a socket but TLS, whose Read and Write are used
	out     syscall.RawConn // that, or the socket below TLS; nil: there is none

	in          *buffer // nil while nothing was received
	from, until int     // what of in was received and not consumed
	spare       *buffer // for answers
	holds       int64   // what the server's input was told, see input
	full        bool    // there is no room for what is held

	readable, writable func(fd uintptr) bool // bound once, or each call would allocate
	noWait             bool                  // readable and writable do not wait
	n                  int                   // what the last call moved
	errno              unix.Errno
	answer             []byte // what writable sends
	reserved           int64  // of the server's output

	batches uint
}

// timedBatches: the latency of one in so many is measured. It must be a power of two.
const timedBatches = 16

func (c *conn) serveMessages(h MessageHandler) Reason {
	m := &messageConn{conn: c, handler: h}
	if s, ok := c.socket.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			m.out = raw
			if c.records == nil {
				m.raw = raw
			}
		}
	}
	m.readable, m.writable = m.tryRead, m.tryWrite
	defer m.drop()
	for {
		if why := m.fill(); why != notEnded {
			return c.why(why)
		}
		if why := m.handle(); why != notEnded {
			return c.why(why)
		}
	}
}

// fill waits for bytes.
func (m *messageConn) fill() Reason {
	for {
		draining := m.server.draining.Load()
		if draining && !m.mayWait() {
			return m.lastLook()
		}
		m.makeRoom()
		err := m.read()
		if errors.Is(err, os.ErrDeadlineExceeded) && !m.wasCut() {
			// The server drains; or the deadline is left over from a drain that we have seen to already.
			if !draining {
				_ = m.SetReadDeadline(time.Time{})
			}
			continue
		}
		if err != nil {
			return ending(err)
		}
		m.until += m.n
		m.bytesIn.Add(uint64(m.n))
		return notEnded
	}
}

// mayWait tells, while the server drains, whether bytes are still waited for: those of a message that has begun, and for
// some time those of one that a client may be sending.
func (m *messageConn) mayWait() bool {
	switch {
	case m.from < m.until:
		m.cork(false) // what was answered before is not the end
		_ = m.SetReadDeadline(time.Time{})
		return true
	case m.last.Load():
		return false
	}
	until := m.keptUntil()
	_ = m.SetReadDeadline(until)
	return time.Now().Before(until)
}

// lastLook ends a connection on which nothing is in flight, unless a message has just arrived.
func (m *messageConn) lastLook() Reason {
	m.makeRoom()
	switch err := m.peek(); {
	case errors.Is(err, io.EOF):
		return ClientClosed
	case err != nil || m.n == 0:
		return Drained
	}
	m.until += m.n
	m.bytesIn.Add(uint64(m.n))
	return notEnded
}

// lastLookTime is how long the last look at a TLS connection takes: one has to wait to see whether there is something.
const lastLookTime = time.Millisecond

// peek reads what is there, whatever the deadline is: Shutdown may be setting it just now.
func (m *messageConn) peek() (err error) {
	m.n, m.errno = 0, 0
	if m.raw != nil {
		m.noWait = true
		defer func() { m.noWait = false }()
		err = m.raw.Control(func(fd uintptr) { m.readable(fd) })
		if err == nil && m.errno == 0 && m.n == 0 {
			return io.EOF
		}
		return err
	}
	for until := time.Now().Add(lastLookTime); ; {
		_ = m.SetReadDeadline(until)
		if err = m.read(); !errors.Is(err, os.ErrDeadlineExceeded) || time.Now().After(until) {
			return err
		}
	}
}

// read makes one read, into the end of m.in.
func (m *messageConn) read() (err error) {
	m.n, m.errno = 0, 0
	if m.raw == nil {
		m.drop()
		if !m.hold() {
			return InputFull
		}
		m.n, err = m.Conn.Read(m.space())
		if m.n > 0 {
			return nil // the error comes again
		}
		return err
	}
	if err := m.raw.Read(m.readable); err != nil {
		return err
	}
	switch {
	case m.full:
		return InputFull
	case m.errno != 0:
		return m.errno
	case m.n == 0:
		return io.EOF
	}
	return nil
}

func (m *messageConn) tryRead(fd uintptr) bool {
	m.n, m.errno = rawRead(fd, m.space())
	if m.errno != unix.EAGAIN {
		return true
	}
	m.drop()
	m.full = !m.hold()
	return m.noWait || m.full
}

// hold says how much is held while bytes are waited for, where that has changed.
func (m *messageConn) hold() bool {
	var bytes int64
	if m.from < m.until {
		bytes = int64(len(m.in.data))
	}
	if bytes == m.holds {
		return true
	}
	m.holds = bytes
	return m.server.input.hold(m.conn, bytes)
}

// space is the free end of the buffer.
func (m *messageConn) space() []byte {
	if m.in == nil {
		m.in = m.server.buffers.get(smallBuffer)
	}
	return m.in.data[m.until:]
}

// makeRoom makes sure that the buffer has room: a larger one where a message fills it.
func (m *messageConn) makeRoom() {
	if m.in == nil || m.until < len(m.in.data) {
		return
	}
	if m.from > 0 {
		m.until = copy(m.in.data, m.in.data[m.from:m.until])
		m.from = 0
		return
	}
	larger := m.server.buffers.get(2 * len(m.in.data))
	copy(larger.data, m.in.data)
	m.server.buffers.put(m.in)
	m.in = larger
}

// drop gives back the buffers, unless a part of a message is in them.
func (m *messageConn) drop() {
	if m.in != nil && m.from == m.until {
		m.server.buffers.put(m.in)
		m.in, m.from, m.until = nil, 0, 0
	}
	if m.spare != nil {
		m.server.buffers.put(m.spare)
		m.spare = nil
	}
}

// handle has what was received answered.
func (m *messageConn) handle() Reason {
	timed := m.batches%timedBatches == 0
	m.batches++
	var begin time.Time
	if timed {
		begin = time.Now()
	}
	if m.spare == nil {
		m.spare = m.server.buffers.get(smallBuffer)
	}
	consumed := false
	for m.from < m.until {
		draining := m.server.draining.Load()
		step, err := m.handler.Handle(m.spare.data[:0], m.in.data[m.from:m.until])
		if has := m.until - m.from; step.Consumed < 0 || step.Consumed > has {
			return m.server.overran(m.conn, step.Consumed, has)
		}
		m.from += step.Consumed
		m.messages.Add(uint64(step.Messages))
		if draining && step.Consumed > 0 {
			m.cork(true)
		}
		if why := m.send(step.Out); why != notEnded {
			return why
		}
		if errors.Is(err, ErrTooLong) {
			return TooLong
		}
		if err != nil {
			return BadMessage
		}
		if step.Consumed == 0 {
			break
		}
		consumed = true
	}
	if timed && consumed {
		m.server.count.latency.add(time.Since(begin))
	}
	m.settle(consumed)
	return notEnded
}

// settle says what is waited for now. The time for a message begins with its first bytes, and others that follow do not
// begin it anew.
func (m *messageConn) settle(consumed bool) {
	if m.from == m.until {
		m.from, m.until = 0, 0
		m.enter(waiting)
		return
	}
	if consumed || m.state() != reading {
		m.enter(reading)
	}
}

// ending is what an error of a connection means.
func ending(err error) Reason {
	switch {
	case errors.Is(err, io.EOF):
		return ClientClosed
	case errors.Is(err, InputFull):
		return InputFull
	}
	return Broken
}
