package pool

import (
	"context"
	"sync"
	"time"
)

type clientKey struct{}

// WithClient says on whose behalf [Pool.Do] is called. Failures of one client may be those of its requests: they count
// once a second, and alone they open no circuit breaker. Calls without a client count as those of many.
func WithClient(ctx context.Context, client string) context.Context {
	return context.WithValue(ctx, clientKey{}, client)
}

// Bounds of what is remembered of clients.
const (
	failurePause = time.Second // in which failures of one client count once
	mostFailing  = 1 << 10
)

// failing are the clients whose exchanges have failed of late.
type failing struct {
	mu    sync.Mutex
	at    map[string]time.Time // when one last counted
	since time.Duration        // how long one is remembered
	many  time.Time            // when somebody without a name, or one too many to remember, has failed
}

// add notes a failure of the client of ctx, and tells whether it counts.
func (f *failing) add(ctx context.Context) bool {
	client, named := ctx.Value(clientKey{}).(string)
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if last, known := f.at[client]; named && known && now.Sub(last) < failurePause {
		return false
	}
	if len(f.at) >= mostFailing {
		f.forget(now)
	}
	if !named || len(f.at) >= mostFailing {
		f.many = now
		return true
	}
	if f.at == nil {
		f.at = map[string]time.Time{}
	}
	f.at[client] = now
	return true
}

func (f *failing) forget(now time.Time) {
	for client, at := range f.at {
		if now.Sub(at) > f.since {
			delete(f.at, client)
		}
	}
}

// several tells whether more than one client has failed.
func (f *failing) several() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	f.forget(now)
	return len(f.at) > 1 || !f.many.IsZero() && now.Sub(f.many) <= f.since
}
