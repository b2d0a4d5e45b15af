package server

import (
	"context"
	"crypto/tls"
	"errors"
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
		c.records = &records{Conn: c.socket}
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
			s.panicked(c, p, debug.Stack())
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
	return slog.GroupValue(
		slog.String("remote", c.RemoteAddr().String()), slog.String("reason", Reason(c.cutFor.Load()).String()),
		slog.Duration("age", time.Since(c.opened).Round(time.Millisecond)), slog.Uint64("messages", c.messages.Load()),
		slog.Uint64("bytes-in", c.bytesIn.Load()), slog.Uint64("bytes-out", c.bytesOut.Load()),
	)
}

func (s *Server) panicked(c *conn, p any, stack []byte) {
	s.settings.Load().Log.Error("a handler has panicked; its connection is closed",
		"remote", c.RemoteAddr().String(), "panic", p, "stack", string(stack))
}

// end closes a connection, and counts it once it is gone.
func (s *Server) end(c *conn, why Reason) {
	c.cutFor.CompareAndSwap(uint32(notEnded), uint32(why)) // there is nothing to cut any more
	c.tell(why)
	s.input.hold(c, 0)
	s.crowd.leave(c.client)
	switch {
	case c.unheard && why == ClientClosed, slices.Contains([]Reason{TooLong, BadMessage, BadTLS, BadProxy, Drained}, why):
		s.linger(c.Conn, c.socket, lingerTime) // the client may not have heard yet
	case why == ClientRate || why == ClientConns: // which shows late behind a proxy
		s.turnAway(c.socket)
	default:
		_ = c.Close()
	}
	s.conns.remove(c)
	s.count.ended[why].Add(1)
	s.settings.Load().Log.Debug("a connection has ended", slog.Any("", c))
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
		s.panicked(c, crash.value, crash.stack)
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
