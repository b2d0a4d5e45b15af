package pool

import (
	"bufio"
	"context"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Conn is one of the connections of an upstream, for the time of one exchange. Reading is buffered. Its deadlines are
// those of the context and of the pool.
type Conn struct {
	conn   net.Conn // nil: the place is taken, the connection is still to be made
	reader *bufio.Reader
	raw    syscall.RawConn // nil: there is no descriptor to look at
	sealed bool            // by TLS: what comes in before the first answer belongs to its handshake
	used   bool            // for an exchange
	born   time.Time
	rested time.Time // since when it is idle

	sent   int64 // of this exchange
	failed bool
	stop   func() bool // takes back the interrupt by the context; nil: there is none

	// Closures that would otherwise be allocated for each exchange.
	interrupt func()
	look      func(fd uintptr)
	silent    bool // what look saw
}

// Read reads from the upstream.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.reader.Read(p)
	if err != nil {
		c.failed = true
	}
	return n, err
}

// Write sends to the upstream. A request is best written at once: what failed after its first byte is not tried again.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.conn.Write(p)
	c.sent += int64(n)
	if err != nil {
		c.failed = true
	}
	return n, err
}

// RemoteAddr is the address of the upstream.
func (c *Conn) RemoteAddr() net.Addr { return c.conn.RemoteAddr() }

// connect makes c the place of this connection.
func (c *Conn) connect(conn net.Conn) {
	c.conn, c.reader, c.born = conn, bufio.NewReader(conn), time.Now()
	c.interrupt = func() { _ = conn.SetDeadline(time.Unix(1, 0)) }
	socket := conn
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok { // of TLS
		socket, c.sealed = t.NetConn(), true
	}
	if s, ok := socket.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			c.raw, c.look = raw, c.poll
		}
	}
}

// begin prepares an exchange that is cut short by the deadline and by ctx.
func (c *Conn) begin(ctx context.Context, deadline time.Time) {
	c.sent, c.failed, c.stop, c.used = 0, false, nil, true
	if earlier, ok := ctx.Deadline(); ok && earlier.Before(deadline) {
		deadline = earlier
	}
	if err := c.conn.SetDeadline(deadline); err != nil {
		c.failed = true
	}
	if ctx.Done() != nil {
		c.stop = context.AfterFunc(ctx, c.interrupt)
	}
}

// end tells whether c may be used again.
func (c *Conn) end() bool {
	// An interrupt that has begun may set its deadline at any time, also in the middle of the next exchange.
	if c.stop != nil && !c.stop() {
		return false
	}
	return !c.failed && c.reader.Buffered() == 0
}

// unsent tells whether the exchange has failed before the upstream can have seen any of it. The kernel takes a prefix
// of what is written, and says how long it is: write(2).
func (c *Conn) unsent() bool { return c.failed && c.sent == 0 }

// quiet tells whether nothing has come in since the last exchange: no byte, which would be taken for the next answer,
// no end of the stream, no error. With TLS that may be a harmless message of its own, which costs a connection.
func (c *Conn) quiet() bool {
	if c.raw == nil || c.sealed && !c.used {
		return true
	}
	c.silent = false
	// Control and not Read, which would fail on the deadline of the last exchange.
	return c.raw.Control(c.look) == nil && c.silent
}

// poll looks without waiting: poll(2), with a timeout of zero. The end of the stream is POLLIN too.
func (c *Conn) poll(fd uintptr) {
	fds := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds[:], 0)
	c.silent = n == 0 && err == nil
}
