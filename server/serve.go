package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"slices"
	"time"
)

// serve serves a connection to its end. Each stream has a context of its own, so that what is derived from it ends with
// it, and takes no lock that others take. A [MessageHandler] cannot wait, and needs none.
func (s *Server) serve(ctx context.Context, c *conn) {
	now := s.settings.Load()
	c.opened = time.Now()
	if now.messages == nil {
		ctx, c.cancel = context.WithCancelCause(ctx)
	}
	switch { // before others see it, since a drain acts on the phase
	case now.TLS != nil:
		c.records = &records{Conn: c.socket, server: s}
		c.Conn = tls.Server(c.records, now.TLS)
		c.enter(handshake)
	case c.fromProxy:
		c.enter(handshake)
	case now.messages == nil:
		c.enter(streaming)
	}
	s.conns.add(c)
	why := notEnded
	defer func() {
		if p := recover(); p != nil {
			why = Panicked
			s.panicked(c.RemoteAddr(), p, debug.Stack())
		}
		s.end(c, why)
	}()
	select {
	case <-s.forced: // accepted too late to be in the list of those that are cut
		why = DrainTimeout
		return
	default:
	}
	if s.draining.Load() {
		c.tell(Drained)
	}
	if c.fromProxy {
		why = s.introduce(c)
	}
	if why == notEnded {
		why = s.talk(ctx, c, now)
	}
}

// LogValue is how a connection is told in the log: only where somebody listens, at level debug.
func (c *conn) LogValue() slog.Value {
	return told(c.RemoteAddr(), Reason(c.cutFor.Load()), time.Since(c.opened), traffic{
		c.bytesIn.Load(), c.bytesOut.Load(), c.messages.Load(),
	})
}

func told(remote net.Addr, why Reason, age time.Duration, t traffic) slog.Value {
	return slog.GroupValue(
		slog.String("remote", remote.String()), slog.String("reason", why.String()),
		slog.Duration("age", age.Round(time.Millisecond)), slog.Uint64("messages", t.messages),
		slog.Uint64("bytes-in", t.bytesIn), slog.Uint64("bytes-out", t.bytesOut),
	)
}

// ended counts a connection that is gone, and tells it.
func (s *Server) ended(why Reason, of slog.LogValuer) {
	s.count.ended[why].Add(1)
	s.settings.Load().Log.Debug("a connection has ended", slog.Any("", of))
}

func (s *Server) panicked(remote net.Addr, p any, stack []byte) {
	s.settings.Load().Log.Error("a handler has panicked; its connection is closed",
		"remote", remote.String(), "panic", p, "stack", string(stack))
}

// overran says that a handler claims to have consumed what was not there.
func (s *Server) overran(from interface{ RemoteAddr() net.Addr }, consumed, has int) Reason {
	s.panicked(from.RemoteAddr(), fmt.Sprintf("consumed %d of %d bytes", consumed, has), nil)
	return Panicked
}

// unheard are the reasons of which the client may not have heard yet: it may still be sending.
func unheard(why Reason) bool {
	return slices.Contains([]Reason{TooLong, BadMessage, BadTLS, BadProxy, Drained}, why)
}

// end closes a connection, and counts it once it is gone.
func (s *Server) end(c *conn, why Reason) {
	c.cutFor.CompareAndSwap(uint32(notEnded), uint32(why)) // there is nothing to cut any more
	c.tell(why)
	s.input.hold(c, 0)
	s.crowd.leave(c.from)
	switch {
	case c.unheard && why == ClientClosed, unheard(why):
		s.linger(c.Conn, c.socket, lingerTime)
	case why == ClientRate || why == ClientConns: // which shows late behind a proxy
		s.turnAway(c.socket)
	default:
		_ = c.Close()
	}
	s.conns.remove(c)
	s.ended(why, c)
}

func (s *Server) talk(ctx context.Context, c *conn, now *settings) Reason {
	if t, ok := c.Conn.(*tls.Conn); ok {
		if why := s.shakeHands(ctx, c, t); why != notEnded {
			return why
		}
	}
	if now.messages != nil {
		c.enter(waiting)
		return c.serveMessages(now.messages)
	}
	c.enter(streaming)
	return c.why(s.streamed(ctx, c, now.Handler.ServeConn(ctx, stream{c})))
}

func (s *Server) shakeHands(ctx context.Context, c *conn, t *tls.Conn) Reason {
	if s.draining.Load() {
		c.wake()
	}
	err := t.HandshakeContext(context.WithoutCancel(ctx))
	switch {
	case err == nil:
		_ = c.SetReadDeadline(time.Time{})
		c.until.Store(0) // its first message comes after that
		return notEnded
	case errors.Is(err, net.ErrClosed): // by us
		return c.why(BadTLS)
	case s.draining.Load():
		return c.why(Drained)
	}
	return c.why(BadTLS)
}

// streamed is what the error of a StreamHandler means.
func (s *Server) streamed(ctx context.Context, c *conn, err error) Reason {
	var crash *crash
	var why Reason
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	switch {
	case err == nil:
		return ClientClosed
	case errors.As(err, &crash):
		s.panicked(c.RemoteAddr(), crash.value, crash.stack)
		return Panicked
	case errors.As(err, &why) && slices.Contains(Endings(), why):
		return why
	case errors.Is(err, ErrTooLong):
		return TooLong
	}
	return Broken
}

// crash is the panic of a handler in a goroutine of its own.
type crash struct {
	value any
	stack []byte
}

func (*crash) Error() string { return "the handler has panicked" }
