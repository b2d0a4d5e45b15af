package server

import (
	"context"
	"log/slog"
	"sync"
)

// outcome is what a stream comes to.
type outcome struct {
	answers  string
	reason   string
	messages uint64
	in, out  uint64
}

// endings is a log that knows how each connection has ended, by its client.
type endings struct {
	slog.Handler
	mu  sync.Mutex
	new *sync.Cond
	of  map[string]outcome
}

func newEndings() *endings {
	e := &endings{Handler: slog.DiscardHandler, of: map[string]outcome{}}
	e.new = sync.NewCond(&e.mu)
	return e
}

func (e *endings) Enabled(context.Context, slog.Level) bool { return true }

func (e *endings) Handle(_ context.Context, r slog.Record) error {
	if r.Message != "a connection has ended" {
		return nil
	}
	var remote string
	var o outcome
	r.Attrs(func(a slog.Attr) bool {
		for _, of := range a.Value.Resolve().Group() {
			switch of.Key {
			case "remote":
				remote = of.Value.String()
			case "reason":
				o.reason = of.Value.String()
			case "messages":
				o.messages = of.Value.Uint64()
			case "bytes-in":
				o.in = of.Value.Uint64()
			case "bytes-out":
				o.out = of.Value.Uint64()
			}
		}
		return true
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	e.of[remote] = o
	e.new.Broadcast()
	return nil
}

// take waits for the end of one of these clients.
func (e *endings) take(clients ...string) outcome {
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		for _, c := range clients {
			if o, ok := e.of[c]; ok {
				delete(e.of, c)
				return o
			}
		}
		e.new.Wait()
	}
}
