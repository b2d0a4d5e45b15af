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
	if n = min(n, o.max.Load()); o.take(&o.used, n) {
		return n, notEnded
	}
	o.waits.Add(1)
	held := n
	if !o.take(&o.held, held) {
		return 0, OutputFull
	}
	defer o.held.Add(-held)
	for !cut() {
		released := o.next() // before the try, so that what is released after it is not missed
		if n = min(n, o.max.Load()); o.take(&o.used, n) {
			return n, notEnded
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
