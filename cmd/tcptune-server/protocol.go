package main

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/tcptune/tcptune/server"
	"github.com/tcptune/tcptune/server/pool"
)

const relay = "relay"

func protocolNames() []string { return []string{"echo", "line", "frame", "discard", "http", relay} }

// handler makes the handler of the protocol.
func (s *service) handler(l limits) server.StreamHandler {
	switch s.protocol {
	case "line":
		return server.Messages(line{max: l.maxLine})
	case "frame":
		return server.Messages(frame{max: l.maxFrame, stats: func() any { return s.source.Now() }})
	case "discard":
		return server.Messages(discard{})
	case "http":
		return server.NewHTTP(demo(l.maxFrame), l.Limits)
	case relay:
		return relaying{max: l.maxFrame, do: exchange(s.pool, s.log)}
	}
	return server.Messages(echo{})
}

// exchange has the pool make an exchange. Clients are told what kind of failure it was, and not about the upstreams.
func exchange(upstreams *pool.Pool, log *slog.Logger) func(context.Context, func(io.ReadWriter) error) error {
	return func(ctx context.Context, do func(io.ReadWriter) error) error {
		err := upstreams.Do(ctx, func(c *pool.Conn) error { return do(c) })
		if err == nil {
			return nil
		}
		log.Warn("cannot relay a request", "error", err)
		for _, known := range []error{pool.ErrBusy, pool.ErrUnavailable, pool.ErrClosed} {
			if errors.Is(err, known) {
				return known
			}
		}
		return errUpstream
	}
}

var errUpstream = errors.New("the upstream did not answer")
