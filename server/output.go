package server

import (
	"sync"
	"sync/atomic"
	"time"
)

// output bounds the memory of answers that clients have not taken yet. Only what a client's socket has not taken at
// once is counted, so that a fast client costs nothing.
//
// That a client is slow shows when its answer is there already; then it may have to wait for its share, with the answer
// in hand. What is held that way is bounded by the same number: beyond it the connection is closed. So fast clients go
// on, whatever the slow ones do.
type output struct {
	max, used atomic.Int64
	held      atomic.Int64  // by those that wait for their share
	waits     atomic.Uint64 // how often a connection had to wait
	mu        sync.Mutex
	released  chan struct{} // closed when something is released while others wait
}

// outputPause is how often a connection that waits looks at whether it was cut.
const outputPause = 50 * time.Millisecond

// reserve waits until n more bytes may be held, unless cut says so first or too many wait already. More than there is
// in all counts as all there is.
func (o *output) reserve(n int64, cut func() bool) (reserved int64, why Reason) {
	if reserved, ok := o.try(n); ok {
		return reserved, notEnded
	}
	held, ok := o.await(n)
	if !ok {
		return 0, OutputFull
	}
	defer o.held.Add(-held)
	for !cut() {
		released := o.next() // before the try, so that what is released after it is not missed
		if reserved, ok := o.try(n); ok {
			return reserved, notEnded
		}
		pause := time.NewTimer(outputPause)
		select {
		case <-released:
		case <-pause.C:
		}
		pause.Stop()
	}
	return 0, Broken
}

// try reserves without waiting.
func (o *output) try(n int64) (reserved int64, ok bool) {
	n = min(n, o.max.Load())
	return n, o.take(&o.used, n)
}

// await counts one that has to wait with so many bytes. It returns false where too many wait already.
func (o *output) await(n int64) (held int64, ok bool) {
	o.waits.Add(1)
	n = min(n, o.max.Load())
	return n, o.take(&o.held, n)
}

func (o *output) take(from *atomic.Int64, n int64) bool {
	for {
		taken := from.Load()
		if taken+n > o.max.Load() {
			return false
		}
		if from.CompareAndSwap(taken, taken+n) {
			return true
		}
	}
}

func (o *output) release(n int64) {
	o.used.Add(-n)
	if o.held.Load() == 0 {
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
