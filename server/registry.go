package server

import (
	"iter"
	"sync"
	"sync/atomic"
)

const registryShards = 32

// registry holds the connections that are served. It is split, so that a walk over a million of them does not stop all
// others for long.
type registry struct {
	next   atomic.Uint32
	shards [registryShards]shard
}

type shard struct {
	mu    sync.Mutex
	conns map[*conn]struct{}
	gone  traffic // of the connections that are not here any more
}

// traffic is what went over connections.
type traffic struct{ bytesIn, bytesOut, messages uint64 }

func (t *traffic) add(c *conn) {
	t.bytesIn += c.bytesIn.Load()
	t.bytesOut += c.bytesOut.Load()
	t.messages += c.messages.Load()
}

func (r *registry) add(c *conn) {
	c.shard = &r.shards[r.next.Add(1)%registryShards]
	c.shard.mu.Lock()
	defer c.shard.mu.Unlock()
	if c.shard.conns == nil {
		c.shard.conns = map[*conn]struct{}{}
	}
	c.shard.conns[c] = struct{}{}
}

func (r *registry) remove(c *conn) {
	c.shard.mu.Lock()
	defer c.shard.mu.Unlock()
	delete(c.shard.conns, c)
	c.shard.gone.add(c)
}

// traffic adds up all connections there are and were. Each counts once, in its shard, and so no sum is ever less than
// the one before.
func (r *registry) traffic() (sum traffic) {
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		sum.bytesIn += s.gone.bytesIn
		sum.bytesOut += s.gone.bytesOut
		sum.messages += s.gone.messages
		for c := range s.conns {
			sum.add(c)
		}
		s.mu.Unlock()
	}
	return sum
}

// all walks over the connections. What is done with one must be short: it holds up those that come and go.
func (r *registry) all() iter.Seq[*conn] {
	return func(yield func(*conn) bool) {
		for i := range r.shards {
			if !r.shards[i].each(yield) {
				return
			}
		}
	}
}

func (s *shard) each(yield func(*conn) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if !yield(c) {
			return false
		}
	}
	return true
}
