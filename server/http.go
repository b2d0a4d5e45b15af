package server

import (
	"context"
	"errors"
	"net"
	"net/http"
)

// httpHandler has package net/http serve connections that a [Server] accepts.
type httpHandler struct{ server *http.Server }

const longestHeader = 64 << 10

// NewHTTP makes a handler of connections that speak HTTP/1.1. Of limits it takes the times: ReadTimeout for a whole
// request, IdleTimeout between two. WriteTimeout and MinRate hold for its answer as for any. Headers have 64 KiB at most. When the server drains,
// the answer to the next request says that it is the last, see [Server.Shutdown]; a client that is refused gets a 503.
func NewHTTP(handler http.Handler, limits Limits) StreamHandler {
	return &httpHandler{&http.Server{
		Handler: measured(handler), MaxHeaderBytes: longestHeader,
		ReadTimeout: limits.ReadTimeout, IdleTimeout: limits.IdleTimeout, // that for writing is the server's own
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) },
		ConnState:   func(c net.Conn, state http.ConnState) { follow(c, state) },
	}}
}

// ServeConn serves the requests of one connection.
func (h *httpHandler) ServeConn(ctx context.Context, c net.Conn) error {
	one := newHTTPConn(c)
	drain := func() {
		if errors.Is(context.Cause(ctx), Drained) {
			one.drain()
		}
	}
	drain() // it may have begun already
	stop := context.AfterFunc(ctx, drain)
	defer stop()
	err := h.server.Serve(one)
	one.rests.Store(false)
	if s, ok := c.(stream); ok {
		s.unheard = !one.over.Load()
	}
	if !errors.Is(err, net.ErrClosed) {
		return err
	}
	return one.why(ctx)
}

// Refusal is an answer for a client that is not served.
func (*httpHandler) Refusal() []byte {
	return []byte("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
}
