package server

import (
	"errors"
	"net"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// send sends an answer. Where the client does not take it at once, the rest counts as [Limits.MaxOutput], and nothing
// is read from the client until it is gone.
func (m *messageConn) send(answer []byte) (why Reason) {
	if len(answer) == 0 {
		return notEnded
	}
	if m.raw != nil { // no deeper than it has to be: each connection has a stack
		m.noWait = true
		sent, why := m.write(answer)
		m.noWait = false
		if why != notEnded || sent == len(answer) {
			return why
		}
		answer = answer[sent:]
	}
	return m.sendSlowly(answer)
}

// sendSlowly sends what the client has not taken at once, or may not take.
func (m *messageConn) sendSlowly(answer []byte) (why Reason) {
	if m.raw == nil && m.out != nil {
		why = m.sendRecords(answer)
	} else if why = m.reserve(answer); why == notEnded {
		_, why = m.write(answer)
	}
	if m.reserved > 0 {
		m.server.output.release(m.reserved)
		m.reserved = 0
	}
	return why
}

// put writes b, which is the answer or a record of TLS that is made of it.
func (m *messageConn) put(b, answer []byte) (sent int, why Reason) {
	m.noWait = true
	sent, why = m.write(b)
	m.noWait = false
	if why != notEnded || sent == len(b) {
		return sent, why
	}
	if why = m.reserve(answer); why == notEnded {
		var more int
		more, why = m.write(b[sent:])
		sent += more
	}
	return sent, why
}

// reserve waits for memory for what is left of an answer, once.
func (m *messageConn) reserve(answer []byte) (why Reason) {
	if m.reserved > 0 {
		return notEnded
	}
	m.enter(held)
	if m.holds > 0 { // from here on output counts the buffer
		m.holds = 0
		m.server.input.hold(m.conn, 0)
	}
	if m.reserved, why = m.server.output.reserve(m.memory(answer), m.wasCut); why == notEnded {
		m.enter(writing)
	}
	return why
}

// records is the socket below TLS. A client that takes its answer at once costs nothing there, either: what is written is
// tried first, record by record.
type records struct {
	net.Conn
	server *Server
	heard  atomic.Bool  // a handshake has begun: a drain lets it come to its end
	m      *messageConn // while it sends an answer
	answer []byte
}

func (r *records) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	if n > 0 && !r.heard.Load() {
		r.heard.Store(true)
		if r.server.draining.Load() {
			_ = r.SetReadDeadline(time.Time{})
		}
	}
	return n, err
}

func (r *records) Write(b []byte) (int, error) {
	if r.m == nil {
		return r.Conn.Write(b)
	}
	sent, why := r.m.put(b, r.answer)
	if why != notEnded {
		return sent, why
	}
	return sent, nil
}

func (m *messageConn) sendRecords(answer []byte) (why Reason) {
	m.records.m, m.records.answer = m, answer
	sent, err := m.Conn.Write(answer)
	m.records.m, m.records.answer = nil, nil
	m.bytesOut.Add(uint64(sent))
	if err != nil && !errors.As(err, &why) {
		return Broken
	}
	return why
}

// memory is what is held for an answer: not less than whole buffers, however little is left of it.
func (m *messageConn) memory(answer []byte) int64 {
	return int64(len(m.in.data) + max(len(m.spare.data), cap(answer)))
}

func (m *messageConn) write(b []byte) (sent int, why Reason) {
	if m.out == nil {
		sent, err := m.Conn.Write(b)
		m.bytesOut.Add(uint64(sent))
		if err != nil {
			return sent, Broken
		}
		return sent, notEnded
	}
	m.answer, m.errno = b, 0
	err := m.out.Write(m.writable)
	sent = len(b) - len(m.answer)
	m.answer = nil
	if err != nil || m.errno != 0 && m.errno != unix.EAGAIN {
		return sent, Broken
	}
	return sent, notEnded
}

func (m *messageConn) tryWrite(fd uintptr) bool {
	for len(m.answer) > 0 {
		n, errno := rawWrite(fd, m.answer)
		m.answer, m.errno = m.answer[n:], errno
		if m.raw != nil { // what is sent over TLS is longer than the answer
			m.bytesOut.Add(uint64(n))
		}
		if errno == unix.EAGAIN {
			return m.noWait
		}
		if errno != 0 {
			return true
		}
	}
	return true
}
