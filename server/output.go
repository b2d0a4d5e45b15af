package server

import (
	"sync"
	"sync/atomic"
	"time"
)

// output bounds the memory of answers that clients have not taken yet. Only what a client's socket has not taken at once
// is counted, so that a fast client costs nothing.
type output struct {
	max, used atomic.Int64
	waits     atomic.Uint64 // how often a connection had to wait for others
	waiting   atomic.Int64
	mu        sync.Mutex
	released  chan struct{} // closed when something is released while others wait
}

// outputPause is how often a connection that waits looks at whether it was cut.
const outputPause = 50 * time.Millisecond

// reserve waits until n more bytes may be held. It returns false when cut says so first. More than there is in all counts
// as all there is.
func (o *output) reserve(n int64, cut func() bool) (reserved int64, ok bool) {
	if n = min(n, o.max.Load()); o.try(n) {
		return n, true
	}
	o.waits.Add(1)
	o.waiting.Add(1)
	defer o.waiting.Add(-1)
	for !cut() {
		released := o.next()
		if n = min(n, o.max.Load()); o.try(n) {
			return n, true
		}
		pause := time.NewTimer(outputPause)
		select {
		case <-released:
		case <-pause.C:
		}
		pause.Stop()
	}
	return 0, false
}

func (o *output) try(n int64) bool {
	if o.used.Add(n) <= o.max.Load() {
		return true
	}
	o.release(n)
	return false
}

func (o *output) release(n int64) {
	o.used.Add(-n)
	if o.waiting.Load() == 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.released != nil {
		close(o.released)
		o.released = nil
	}
}

func (o *output) next() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.released == nil {
		o.released = make(chan struct{})
	}
	return o.released
}
