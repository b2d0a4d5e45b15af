package server

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// phase is what a connection is doing; each has a deadline of its own.
type phase int64

const (
	waiting   phase = iota // for a message
	reading                // has a part of one
	writing                // the client does not take an answer as fast as it comes
	handshake              // of TLS, or the words of a proxy
	streaming              // a StreamHandler has it
	held                   // waits for memory, see Limits.MaxOutput; no deadline
	phaseBits = 3
)

func (p phase) String() string {
	return [...]string{"waiting", "reading", "writing", "handshake", "streaming", "held"}[p]
}

// conn is a connection that is served, as everybody but its own goroutine sees it.
type conn struct {
	net.Conn // the socket, or TLS over it
	socket   net.Conn
	records  *records // between the two; nil without TLS
	server   *Server
	shard    *shard
	opened   time.Time
	cancel   context.CancelCauseFunc // of a stream's context; nil where there is none
	from     netip.Addr              // its client, as limits see it, see clientOf; the zero value for all that have no address

	fromProxy bool                     // a header of the PROXY protocol comes first
	proxied   atomic.Pointer[net.Addr] // where a proxy says that the connection comes from; nil: none does

	phase  atomic.Uint64 // the phase in the lowest bits, and how often one was entered
	cutFor atomic.Uint32 // the Reason why somebody else has closed it, or why it has ended
	woken  atomic.Bool   // its read deadline is that of a drain
	rests  atomic.Bool   // of HTTP: no request is in flight
	until  atomic.Int64  // while the server drains: how long it may say nothing, after opened
	last   atomic.Bool   // it was sent its last answer, which waits for the end of the connection, see cork

	announces bool // its protocol says itself which answer is the last; of the same
	unheard   bool // its handler has ended it, and the client may still be sending; of the goroutine that serves it

	// What the sweeper saw last, and when it saw that first. The lock is that of the shard.
	seen   uint64
	seenAt time.Duration // after opened; while it writes, when the client took something last
	taken  taken

	bytesIn, bytesOut, messages atomic.Uint64
}

func (c *conn) client() netip.Addr { return c.from }

// RemoteAddr is that of the client, also behind a proxy.
func (c *conn) RemoteAddr() net.Addr {
	if client := c.proxied.Load(); client != nil {
		return *client
	}
	return c.Conn.RemoteAddr()
}

// enter begins a phase. Only the goroutine that serves the connection does.
func (c *conn) enter(p phase) { c.phase.Store((c.phase.Load()>>phaseBits+1)<<phaseBits | uint64(p)) }

func (c *conn) state() phase { return phaseOf(c.phase.Load()) }

func phaseOf(v uint64) phase { return phase(v & (1<<phaseBits - 1)) }

// cut closes the connection under the goroutine that serves it, unless it has ended already. It does not wait, as
// closing TLS may.
func (c *conn) cut(why Reason) bool {
	if !c.cutFor.CompareAndSwap(uint32(notEnded), uint32(why)) {
		return false
	}
	c.tell(why)
	_ = c.socket.Close()
	return true
}

// tell ends the context of a stream, if that has not ended yet.
func (c *conn) tell(why Reason) {
	if c.cancel != nil {
		c.cancel(why)
	}
}

// wake tells a connection that the server drains, and ends its wait where nothing is in flight.
func (c *conn) wake() {
	c.tell(Drained)
	switch c.state() {
	case waiting:
		until := longAgo()
		if c.cancel != nil { // a stream, which takes no last look by itself
			until = c.keptUntil()
			if soon := time.Now().Add(lastLookTime); c.last.Load() || soon.After(until) {
				until = soon
			}
		}
		c.woken.Store(true)
		_ = c.SetReadDeadline(until)
	case handshake:
		_ = c.SetReadDeadline(c.keptUntil())
		if c.records != nil && c.records.heard.Load() { // it has begun, and has its time as ever
			_ = c.SetReadDeadline(time.Time{})
		}
	}
}

// keptUntil is until when the client may be silent, while the server drains: that is counted from when it is first asked.
func (c *conn) keptUntil() time.Time {
	c.until.CompareAndSwap(0, int64(time.Since(c.opened))+c.server.grace.Load())
	return c.opened.Add(time.Duration(c.until.Load()))
}

// cork has the answers that follow, or what of them fills no packet, wait for the end of the connection, tcp(7): it comes
// in the same packet, so that no client can have the answer and not know that it was the last.
func (c *conn) cork(on bool) {
	if c.last.Swap(on) == on {
		return
	}
	if s, ok := c.socket.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { // of a Unix socket it is an error, and there are no packets
				value := 0
				if on {
					value = 1
				}
				_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_CORK, value)
			})
		}
	}
}

// longAgo is a deadline that has passed; the zero time stands for none.
func longAgo() time.Time { return time.Unix(1, 0) }

func (c *conn) wasCut() bool { return c.cutFor.Load() != uint32(notEnded) }

// why is the reason of an end for which why is what it looked like to the goroutine that serves it.
func (c *conn) why(why Reason) Reason {
	if cut := Reason(c.cutFor.Load()); cut != notEnded {
		return cut
	}
	return why
}

// Progress is what the connections that a [StreamHandler] gets are as well: the handler tells the server what it does,
// which a stream does not show. One that says nothing has no deadline but [Limits.TotalTimeout], and is not woken by a
// drain but by its context.
type Progress interface {
	// Waiting says that nothing is in flight. [Limits.IdleTimeout] runs. While the server drains a Read that finds nothing
	// ends with [os.ErrDeadlineExceeded]: at once where an answer was sent since, else some seconds later, see
	// [Server.Shutdown].
	Waiting()
	// Reading says that a message has begun. [Limits.ReadTimeout] runs.
	Reading()
	// Working says that an answer is being made. There is no deadline.
	Working()
	// Writing says that an answer is being sent. [Limits.WriteTimeout] and [Limits.MinRate] run. While the server drains it
	// is the last, and what of it fills no packet is sent with the end of the connection, or after 200 ms.
	Writing()
	// Holding says how many bytes the handler keeps of messages that are not answered yet, its buffers with them; it is
	// called again when that changes, and with 0 once there are none. [Limits.MaxInput] runs: where there is no room for
	// them the error is [InputFull], which the handler has to return.
	Holding(bytes int) error
	// Answered counts a message, and how long its answer took, for [Stats].
	Answered(took time.Duration)
}

// stream is a conn for a StreamHandler.
type stream struct{ *conn }

func (s stream) Read(b []byte) (int, error) {
	for {
		n, err := s.conn.Read(b)
		s.bytesIn.Add(uint64(n))
		if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) && s.woken.Swap(false) && s.state() != waiting {
			_ = s.SetReadDeadline(time.Time{}) // the drain found it waiting, and a message has begun since then
			continue
		}
		return n, err
	}
}

func (s stream) Write(b []byte) (int, error) {
	if s.state() == writing && !s.announces && s.server.draining.Load() {
		s.cork(true)
	}
	n, err := s.conn.Write(b)
	s.bytesOut.Add(uint64(n))
	return n, err
}

// CloseWrite tells the client that nothing more comes.
func (s stream) CloseWrite() error {
	if half, ok := s.Conn.(closeWriter); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

func (s stream) Waiting() {
	s.enter(waiting)
	if s.server.draining.Load() { // or nobody would: a drain looks at each connection once
		s.wake()
	}
}

func (s stream) Reading() {
	s.enter(reading)
	s.cork(false) // another message came before the end
}

func (s stream) Working() { s.enter(streaming) }
func (s stream) Writing() { s.enter(writing) }

func (s stream) Holding(bytes int) error {
	if !s.server.input.hold(s.conn, int64(max(bytes, 0))) {
		return InputFull
	}
	return nil
}

func (s stream) Answered(took time.Duration) {
	s.messages.Add(1)
	s.server.count.latency.add(took)
}
