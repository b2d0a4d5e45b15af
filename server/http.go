package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// HTTP serves HTTP/1.1 on connections that a [Server] accepts, within the same limits.
type HTTP struct {
	server *http.Server
	drain  sync.Once
}

const longestHeader = 64 << 10

// NewHTTP serves requests with handler, and the timeouts of limits: ReadTimeout for a whole request, WriteTimeout for its
// answer, IdleTimeout between two.
func NewHTTP(handler http.Handler, limits Limits) *HTTP {
	return &HTTP{server: &http.Server{
		Handler: measured(handler), MaxHeaderBytes: longestHeader,
		ReadTimeout: limits.ReadTimeout, WriteTimeout: limits.WriteTimeout, IdleTimeout: limits.IdleTimeout,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) },
	}}
}

// ServeConn serves the requests of one connection. When the server drains, the request that is in flight is answered, and
// an idle connection is closed.
func (h *HTTP) ServeConn(ctx context.Context, c net.Conn) error {
	h.drain.Do(func() {
		go func() {
			<-ctx.Done()
			_ = h.server.Shutdown(context.WithoutCancel(ctx))
		}()
	})
	one := &oneConn{Conn: c, closed: make(chan struct{})}
	l := &oneListener{oneConn: one, ended: make(chan struct{})}
	if err := h.server.Serve(l); !l.given { // it drains already
		return err
	}
	<-one.closed // later than the end of Serve where the server drains meanwhile
	return nil
}

// Refusal is an answer for a client that is not served.
func (*HTTP) Refusal() []byte {
	return []byte("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
}

type connKey struct{}

// measured tells the connection of each answer.
func measured(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		h.ServeHTTP(w, r)
		if c, ok := r.Context().Value(connKey{}).(*oneConn); ok {
			if p, ok := c.Conn.(Progress); ok {
				p.Answered(time.Since(begin))
			}
		}
	})
}

// oneConn is a connection that tells when it is closed.
type oneConn struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

func (c *oneConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { close(c.closed) })
	return err
}

// oneListener is what package net/http accepts a oneConn from. Its Accept returns for the second time when that is closed,
// or when the listener is, because the server drains.
type oneListener struct {
	*oneConn
	given bool
	once  sync.Once
	ended chan struct{}
}

func (l *oneListener) Accept() (net.Conn, error) {
	if !l.given {
		l.given = true
		return l.oneConn, nil
	}
	select {
	case <-l.closed:
	case <-l.ended:
	}
	return nil, net.ErrClosed
}

func (l *oneListener) Close() error {
	l.once.Do(func() { close(l.ended) })
	return nil
}

func (l *oneListener) Addr() net.Addr { return l.LocalAddr() }

// Demo answers "/", "/healthz" and "/api/data" (GET, and POST of at most maxBody bytes): something for a load test.
func Demo(maxBody int) http.Handler {
	mux := http.NewServeMux()
	text := func(s string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = io.WriteString(w, s)
		}
	}
	mux.HandleFunc("GET /{$}", text("tcptune-server\n"))
	mux.HandleFunc("GET /healthz", text("ok\n"))
	mux.HandleFunc("GET /api/data", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"ok": true, "time": time.Now().UTC().Format(time.RFC3339Nano)})
	})
	mux.HandleFunc("POST /api/data", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, int64(maxBody)))
		var long *http.MaxBytesError
		switch {
		case errors.As(err, &long):
			writeJSON(w, http.StatusRequestEntityTooLarge, map[string]any{"ok": false, "error": "body is too long"})
		case err != nil:
			writeJSON(w, http.StatusBadRequest, map[string]any{"ok": false, "error": "body is incomplete"})
		default:
			writeJSON(w, http.StatusOK, map[string]any{"ok": true, "bytes": n})
		}
	})
	return mux
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}
