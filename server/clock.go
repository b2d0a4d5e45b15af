package server

import (
	"sync/atomic"
	"time"
)

// clock is a time that costs one load of memory to read, and is late by up to one tick.
type clock struct {
	start time.Time
	now   atomic.Int64 // nanoseconds since start
}

func (c *clock) sinceStart(t time.Time) time.Duration { return t.Sub(c.start) }

func (c *clock) tick() time.Duration {
	now := time.Since(c.start)
	c.now.Store(int64(now))
	return now
}
