package server

import (
	"golang.org/x/sys/unix"
)

// send sends an answer. Where the client does not take it at once, the rest counts as [Limits.MaxOutput], and nothing
// is read from the client until it is gone.
func (m *messageConn) send(answer []byte) Reason {
	if len(answer) == 0 {
		return notEnded
	}
	if m.raw == nil {
		return m.sendSlowly(answer)
	}
	m.noWait = true
	sent, why := m.write(answer)
	m.noWait = false
	if why != notEnded || sent == len(answer) {
		return why
	}
	return m.sendSlowly(answer[sent:])
}

func (m *messageConn) sendSlowly(rest []byte) Reason {
	m.enter(held)
	if m.holds > 0 { // from here on output counts the buffer
		m.holds = 0
		m.server.input.hold(m.conn, 0)
	}
	reserved, why := m.server.output.reserve(m.memory(rest), m.wasCut)
	if why != notEnded {
		return why
	}
	defer m.server.output.release(reserved)
	m.enter(writing)
	_, why = m.write(rest)
	return why
}

// memory is what is held for an answer: not less than whole buffers, however little is left of it.
func (m *messageConn) memory(answer []byte) int64 {
	return int64(len(m.in.data) + max(len(m.spare.data), cap(answer)))
}

func (m *messageConn) write(b []byte) (sent int, why Reason) {
	if m.raw == nil {
		sent, err := m.Conn.Write(b)
		m.bytesOut.Add(uint64(sent))
		if err != nil {
			return sent, Broken
		}
		return sent, notEnded
	}
	m.answer, m.errno = b, 0
	err := m.raw.Write(m.writable)
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
		m.bytesOut.Add(uint64(n))
		if errno == unix.EAGAIN {
			return m.noWait
		}
		if errno != 0 {
			return true
		}
	}
	return true
}
