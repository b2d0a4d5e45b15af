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

// handlers makes the handler of the protocol; one of the two is nil. stats answers "stats" of frame.
func handlers(protocol string, l limits, upstreams *pool.Pool, log *slog.Logger, stats func() any) (server.Handler, server.StreamHandler) {
	switch protocol {
	case "line":
		return server.Line{Max: l.maxLine}, nil
	case "frame":
		return server.Frame{Max: l.maxFrame, Stats: stats}, nil
	case "discard":
		return server.Discard{}, nil
	case "http":
		return nil, server.NewHTTP(server.Demo(l.maxFrame), l.Limits)
	case relay:
		return nil, server.Relay{Max: l.maxFrame, Do: exchange(upstreams, log)}
	}
	return server.Echo{}, nil
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
