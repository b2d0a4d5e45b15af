package server

import (
	"net"
	"sync/atomic"
	"time"
)

// phase is what a connection is doing; each has a deadline of its own.
type phase int64

const (
	waiting   phase = iota // for a message
	reading                // has a part of one
	writing                // the client does not take an answer as fast as it comes
	handshake              // of TLS
	streaming              // a StreamHandler has it
	phaseBits = 3
)

func (p phase) String() string {
	return [...]string{"waiting", "reading", "writing", "handshake", "streaming"}[p]
}

// conn is a connection that is served, as everybody but its own goroutine sees it.
type conn struct {
	net.Conn // the socket, or TLS over it
	socket   net.Conn
	server   *Server
	shard    *shard
	opened   time.Time

	phase  atomic.Int64  // the phase in the lowest bits, and since when by the server's clock
	cutFor atomic.Uint32 // the Reason why somebody else has closed it

	bytesIn, bytesOut, messages atomic.Uint64
}

func (c *conn) enter(p phase) { c.phase.Store(c.server.clock.now.Load()<<phaseBits | int64(p)) }

func (c *conn) state() (p phase, since time.Duration) {
	v := c.phase.Load()
	return phase(v & (1<<phaseBits - 1)), time.Duration(v >> phaseBits)
}

// cut closes the connection under the goroutine that serves it. It does not wait, as closing TLS may.
func (c *conn) cut(why Reason) {
	if c.cutFor.CompareAndSwap(uint32(notEnded), uint32(why)) {
		_ = c.socket.Close()
	}
}

func (c *conn) wasCut() bool { return c.cutFor.Load() != uint32(notEnded) }

// why is the reason of an end for which why is what it looked like to the goroutine that serves it.
func (c *conn) why(why Reason) Reason {
	if cut := Reason(c.cutFor.Load()); cut != notEnded {
		return cut
	}
	return why
}

// Progress is what the connections that a [StreamHandler] gets are as well: the handler tells the server what it does,
// which a stream does not show. One that says nothing has no deadline but [Limits.TotalTimeout].
type Progress interface {
	// Waiting: nothing is in flight. [Limits.IdleTimeout] runs, and when the server drains a Read ends with
	// [os.ErrDeadlineExceeded].
	Waiting()
	Reading() // a message has begun; [Limits.ReadTimeout] runs
	Working() // on an answer; no deadline
	Writing() // [Limits.WriteTimeout] runs
	// Answered counts a message, and how long its answer took.
	Answered(took time.Duration)
}

// stream is a conn for a StreamHandler.
type stream struct{ *conn }

func (s stream) Read(b []byte) (int, error) {
	n, err := s.conn.Read(b)
	s.bytesIn.Add(uint64(n))
	return n, err
}

func (s stream) Write(b []byte) (int, error) {
	n, err := s.conn.Write(b)
	s.bytesOut.Add(uint64(n))
	return n, err
}

func (s stream) Waiting() { s.enter(waiting) }
func (s stream) Reading() { s.enter(reading) }
func (s stream) Working() { s.enter(streaming) }
func (s stream) Writing() { s.enter(writing) }

func (s stream) Answered(took time.Duration) {
	s.messages.Add(1)
	s.server.count.latency.add(took)
}
