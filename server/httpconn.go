package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

type connKey struct{}

// measured tells the connection of each answer, and of a panic.
func measured(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, ok := r.Context().Value(connKey{}).(*httpConn)
		if !ok {
			h.ServeHTTP(w, r)
			return
		}
		defer c.caught()
		begin := time.Now()
		c.handed(true)
		if c.wire.ambiguous(r) || c.drains() {
			w.Header().Set("Connection", "close")
		}
		h.ServeHTTP(w, r)
		c.handed(false)
		if p, ok := c.Conn.(Progress); ok {
			p.Answered(time.Since(begin))
		}
	})
}

// httpConn is a connection for package net/http, and the listener that it accepts this connection from: once, and then
// Accept waits until it is closed.
type httpConn struct {
	net.Conn
	given  bool
	once   sync.Once
	closed chan struct{}

	state     atomic.Int64 // http.ConnState
	handling  atomic.Bool  // a handler has the request: what else is read is the handler's
	header    atomic.Int64 // bytes of a request that no handler has yet
	full      atomic.Bool  // there was no room for them, see Limits.MaxInput
	over      atomic.Bool  // the client has ended the connection, or the network has
	wire      wire         // of Read, which is never called twice at a time
	aborting  atomic.Bool  // net/http ends a Read by a deadline that has passed
	slowRead  atomic.Bool  // the last Read, or
	slowWrite atomic.Bool  // a Write, was ended by a deadline
	crashed   atomic.Pointer[crash]

	rests *atomic.Bool         // no request is in flight
	grace func() time.Duration // how long it may be so while the server drains

	mu       sync.Mutex
	deadline time.Time // of reading, as net/http wants it
	until    time.Time // while the server drains, how long the connection is kept when it rests
}

func newHTTPConn(c net.Conn) *httpConn {
	one := &httpConn{Conn: c, closed: make(chan struct{})}
	if s, ok := c.(stream); ok {
		s.announces = true
		one.rests, one.grace = &s.rests, func() time.Duration { return time.Duration(s.server.grace.Load()) }
	} else {
		one.rests, one.grace = new(atomic.Bool), func() time.Duration { return idleGrace }
	}
	one.rests.Store(true)
	return one
}

func (c *httpConn) Accept() (net.Conn, error) {
	if !c.given {
		c.given = true
		return c, nil
	}
	<-c.closed
	return nil, net.ErrClosed
}

func (c *httpConn) Addr() net.Addr { return c.LocalAddr() }

// Close ends what net/http does with the connection. The server closes it then, in a way that does not reset a client
// whose request is just arriving.
func (c *httpConn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		_ = c.SetDeadline(longAgo())
	})
	return nil
}

func (c *httpConn) Read(b []byte) (int, error) {
	n, err := c.readSome(b)
	if errors.Is(err, os.ErrDeadlineExceeded) && c.isOver() { // a request may have come just now
		_ = c.Conn.SetReadDeadline(time.Now().Add(lastLookOfHTTP))
		n, err = c.readSome(b)
	}
	if n > 0 && !c.handling.Load() && c.rests.Swap(false) {
		c.mu.Lock()
		_ = c.setReadDeadline()
		c.mu.Unlock()
	}
	if !c.handling.Load() && !c.hold(c.header.Add(int64(n))) {
		return 0, InputFull
	}
	c.slowRead.Store(errors.Is(err, os.ErrDeadlineExceeded) && !c.aborting.Load() && !c.isClosed() && !c.isOver())
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		c.over.Store(true)
	}
	return n, err
}

// readSome reads, but for empty lines before a request. While a handler runs, net/http looks for the next request a byte
// at a time.
func (c *httpConn) readSome(b []byte) (n int, err error) {
	for n == 0 && err == nil {
		n, err = c.Conn.Read(b)
		if begins := !c.handling.Load() && c.header.Load() == 0 || len(b) == 1; begins {
			n = withoutEmptyLines(b[:n])
		}
		if len(b) == 0 {
			break
		}
	}
	c.wire.see(b[:n])
	return n, err
}

// A request that no handler has yet takes about this many times its bytes: net/http keeps the text and makes a map of
// it. The first bytes are in a buffer that each connection has.
const (
	headerTimes = 3
	headerFree  = 4 << 10
)

func (c *httpConn) hold(header int64) bool {
	p, ok := c.Conn.(Progress)
	if !ok || header <= headerFree {
		return true
	}
	if p.Holding(int(headerTimes*header)) != nil {
		c.full.Store(true)
		return false
	}
	return true
}

// handed says whether a handler has the request.
func (c *httpConn) handed(over bool) {
	c.handling.Store(over)
	if p, ok := c.Conn.(Progress); ok && c.header.Swap(0) > headerFree {
		_ = p.Holding(0)
	}
}

// SetReadDeadline is also how net/http ends the Read by which it watches the client while a handler runs.
func (c *httpConn) SetReadDeadline(t time.Time) error {
	c.aborting.Store(!t.IsZero() && t.Before(time.Now()))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	return c.setReadDeadline()
}

// setReadDeadline is called with the lock held.
func (c *httpConn) setReadDeadline() error {
	t := c.deadline
	if c.rests.Load() && !c.until.IsZero() && (t.IsZero() || c.until.Before(t)) {
		t = c.until
	}
	return c.Conn.SetReadDeadline(t)
}

// lastLookOfHTTP is how long a connection is looked at once more before it is closed.
const lastLookOfHTTP = 10 * time.Millisecond

// drain has the connection end when no request comes for some time.
func (c *httpConn) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = time.Now().Add(c.grace())
	if c.rests.Load() {
		_ = c.setReadDeadline()
	}
}

// drains tells whether the server does. What net/http has for that, SetKeepAlivesEnabled, closes idle connections at once,
// and others after an answer that has not said so.
func (c *httpConn) drains() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.until.IsZero()
}

// isOver tells whether the server drains, and no request has come for so long that none is waited for.
func (c *httpConn) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rests.Load() && !c.until.IsZero() && !time.Now().Before(c.until)
}

func (c *httpConn) Write(b []byte) (int, error) {
	p, progress := c.Conn.(Progress)
	if progress {
		p.Writing()
	}
	n, err := c.Conn.Write(b)
	if progress {
		p.Working()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && !c.isClosed() {
		c.slowWrite.Store(true)
	}
	return n, err
}

func (c *httpConn) isClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// CloseWrite is what net/http asks for before it closes a connection whose request it has not read to the end.
func (c *httpConn) CloseWrite() error {
	if half, ok := c.Conn.(closeWriter); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// follow notes what net/http is doing.
func follow(c net.Conn, state http.ConnState) {
	if one, ok := c.(*httpConn); ok && state != http.StateClosed {
		one.state.Store(int64(state))
		if state == http.StateIdle { // what was left of a body is thrown away
			one.handed(false)
			one.rest()
		}
	}
}

// rest notes that no request is in flight: while the server drains, the time of grace begins.
func (c *httpConn) rest() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rests.Store(true)
	if !c.until.IsZero() {
		c.until = time.Now().Add(c.grace())
	}
}

// caught has the connection closed, as net/http does itself after a panic.
func (c *httpConn) caught() {
	p := recover()
	if p == nil {
		return
	}
	if p != http.ErrAbortHandler { //nolint:errorlint // it is a sentinel, as net/http compares it
		c.crashed.Store(&crash{p, debug.Stack()})
	}
	panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's way for a handler to give up, which it asks for
}

// why is the reason for which the connection has ended; nil where the client has closed it.
func (c *httpConn) why(ctx context.Context) error {
	crash, state := c.crashed.Load(), http.ConnState(c.state.Load())
	switch {
	case crash != nil:
		return crash
	case c.full.Load():
		return InputFull
	case c.slowWrite.Load():
		return SlowWrite
	case c.slowRead.Load() && state == http.StateIdle:
		return Idle
	case c.slowRead.Load():
		return SlowRead
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return nil
}
