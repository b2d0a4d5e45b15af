package server

import (
	"sync"
	"sync/atomic"
	"time"
)

// output bounds the memory of answers that clients have not taken yet. Only what a client's socket has not taken at once
// is counted, so that a fast client costs nothing.
//
// That a client is slow shows when its answer is there already, and then it may have to wait for its share. So what is held
// by those who wait is bounded as well: once it is [Limits.MaxOutput] again, nobody is read from until there is a share.
type output struct {
	max, used atomic.Int64
	held      atomic.Int64  // by those that wait for their share
	waits     atomic.Uint64 // how often a connection had to wait
	waiting   atomic.Int64
	mu        sync.Mutex
	released  chan struct{} // closed when something is released while others wait
}

// outputPause is how often a connection that waits looks at whether it was cut.
const outputPause = 50 * time.Millisecond

// reserve waits until n more bytes may be held. It returns false when over says so first. More than there is in all counts
// as all there is.
func (o *output) reserve(n int64, over func() bool) (reserved int64, ok bool) {
	if n = min(n, o.max.Load()); o.try(n) {
		return n, true
	}
	held := n
	o.held.Add(held)
	defer o.held.Add(-held)
	ok = o.wait(over, func() bool {
		n = min(n, o.max.Load())
		return o.try(n)
	})
	return n, ok
}

// full: so much is held by those who wait that nobody should begin anything.
func (o *output) full() bool { return o.held.Load() >= o.max.Load() }

// room waits while it is full, and returns false when over says so first.
func (o *output) room(over func() bool) bool {
	return o.wait(over, func() bool { return !o.full() })
}

// wait waits for done, which is asked whenever something was released.
func (o *output) wait(over, done func() bool) bool {
	o.waits.Add(1)
	o.waiting.Add(1)
	defer o.waiting.Add(-1)
	for !over() {
		released := o.next() // before done, so that what is released after it was asked is not missed
		if done() {
			return true
		}
		pause := time.NewTimer(outputPause)
		select {
		case <-released:
		case <-pause.C:
		}
		pause.Stop()
	}
	return false
}

func (o *output) try(n int64) bool {
	for {
		used := o.used.Load()
		if used+n > o.max.Load() {
			return false
		}
		if o.used.CompareAndSwap(used, used+n) {
			return true
		}
	}
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
