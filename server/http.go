package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// httpHandler has package net/http serve connections that a [Server] accepts.
type httpHandler struct {
	server  *http.Server
	closing atomic.Bool // closeIdle runs
	conns   atomic.Int64
}

const longestHeader = 64 << 10

// NewHTTP makes a handler of connections that speak HTTP/1.1. Of limits it takes the times: ReadTimeout for a whole
// request, IdleTimeout between two. WriteTimeout and MinRate hold for its answer as for any. Headers have 64 KiB at most. When the server drains,
// the request that is in flight is answered, and an idle connection is closed; a client that is refused gets a 503.
func NewHTTP(handler http.Handler, limits Limits) StreamHandler {
	return &httpHandler{server: &http.Server{
		Handler: measured(handler), MaxHeaderBytes: longestHeader,
		ReadTimeout: limits.ReadTimeout, IdleTimeout: limits.IdleTimeout, // that for writing is the server's own
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) },
		ConnState:   func(c net.Conn, state http.ConnState) { follow(c, state) },
	}}
}

// ServeConn serves the requests of one connection. When the server drains, the request that is in flight is answered,
// and an idle connection is closed.
func (h *httpHandler) ServeConn(ctx context.Context, c net.Conn) error {
	h.conns.Add(1)
	defer h.conns.Add(-1)
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(context.Cause(ctx), Drained) && h.closing.CompareAndSwap(false, true) {
			h.closeIdle()
		}
	})
	defer stop()
	one := newHTTPConn(c)
	err := h.server.Serve(one)
	if s, ok := c.(stream); ok {
		s.unheard = !one.over.Load()
	}
	if !errors.Is(err, net.ErrClosed) {
		return err
	}
	return one.why(ctx)
}

// closeIdlePause is how often idle connections are closed while the server drains. Those that have not said anything
// yet count as idle after five seconds.
const closeIdlePause = 100 * time.Millisecond

// closeIdle closes idle connections while the server drains. [http.Server.Shutdown] would do, but for connections that come out
// of the queue later, which it does not serve.
func (h *httpHandler) closeIdle() {
	defer h.closing.Store(false)
	for {
		h.server.SetKeepAlivesEnabled(false)
		if h.conns.Load() == 0 {
			return
		}
		time.Sleep(closeIdlePause)
	}
}

// Refusal is an answer for a client that is not served.
func (*httpHandler) Refusal() []byte {
	return []byte("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
}
