package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

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
		return server.NewHTTP(logged(s.log, demo(l.maxFrame)), l.Limits)
	case relay:
		return relaying{max: l.maxFrame, do: exchange(s.pool, s.log)}
	}
	return server.Messages(echo{})
}

// exchange has the pool make an exchange. Clients are told what kind of failure it was, and not about the upstreams.
func exchange(upstreams *pool.Pool, log *slog.Logger) func(context.Context, question, func(io.ReadWriter) error) error {
	return func(ctx context.Context, of question, do func(io.ReadWriter) error) error {
		began := time.Now()
		err := upstreams.Do(pool.WithClient(ctx, of.client), func(c *pool.Conn) error { return do(c) })
		of.logged(ctx, log, time.Since(began), err)
		if err == nil {
			return nil
		}
		for _, known := range []error{pool.ErrBusy, pool.ErrUnavailable, pool.ErrClosed} {
			if errors.Is(err, known) {
				return known
			}
		}
		return errUpstream
	}
}

var errUpstream = errors.New("the upstream did not answer")
