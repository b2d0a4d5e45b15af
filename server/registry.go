package server

import (
	"iter"
	"sync"
	"sync/atomic"
)

const registryShards = 32

// registry holds the connections that are served. It is split, so that who walks over a million of them does not stop
// all others for long.
type registry struct {
	next   atomic.Uint32
	shards [registryShards]shard
}

type shard struct {
	mu    sync.Mutex
	conns map[*conn]struct{}
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

// remove calls last while nobody walks over c, so that its counts are added up once.
func (r *registry) remove(c *conn, last func()) {
	c.shard.mu.Lock()
	defer c.shard.mu.Unlock()
	delete(c.shard.conns, c)
	last()
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
