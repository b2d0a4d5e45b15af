package bench

import (
	"fmt"
	"time"
)

// openAll opens the connections. It ends when all stand, or when those that do not have failed for a second.
func (w *worker) openAll() error {
	w.begin, w.swept = time.Now(), 0
	for i := range w.conns {
		w.ready.push(i, 0)
	}
	patience := w.o.Timeout
	if w.o.ConnectRate > 0 {
		patience += time.Duration(float64(w.o.Conns) / w.o.ConnectRate * float64(time.Second))
	}
	for !w.stop.Load() {
		now := w.now()
		w.openSome(now)
		failing := w.ready.empty() && w.connecting == 0 && now > time.Second
		if w.ready.empty() && w.later.empty() && w.connecting == 0 || failing || now > patience {
			break
		}
		if err := w.turn(now); err != nil {
			return err
		}
	}
	if w.stop.Load() {
		w.cutOff(w.now())
	}
	return nil
}

// run sends requests until the end, and waits for what is under way.
func (w *worker) run(begin time.Time) error {
	w.begin, w.running, w.swept = begin, true, 0
	w.opens, w.retried = 0, 0
	w.ready, w.later = fifo{}, fifo{} // their times are of another begin
	for i := range w.conns {
		w.conns[i].since = 0
		switch w.conns[i].state {
		case open:
			w.hasRoom(i, 0)
		case idle:
			if w.o.Protocol.single() {
				w.slot(i, 0)
			} else {
				w.retry(i, 0)
			}
		}
	}
	var now time.Duration
	for !w.stop.Load() {
		now = w.now()
		if err := w.marks(now); err != nil {
			return err
		}
		w.openSome(now)
		w.issue(now)
		if w.over(now) {
			break
		}
		if err := w.turn(now); err != nil {
			return err
		}
	}
	w.stopped = min(w.now(), w.end)
	w.giveUp(now)
	return w.marks(max(w.now(), w.end))
}

// marks calls the caller's function at the begin and at the end of what is measured.
func (w *worker) marks(now time.Duration) error {
	if w.mark == nil || w.marked == 0 && now < w.o.Warmup || w.marked == 1 && now < w.end || w.marked > 1 {
		return nil
	}
	w.marked++
	return w.mark()
}

// turn waits for what comes next and sees to it.
func (w *worker) turn(now time.Duration) error {
	n, err := look(w.epoll, w.events)
	if n == 0 && err == nil {
		slept := w.now()
		if n, err = wait(w.epoll, w.events, w.until(slept)); slept >= w.o.Warmup && slept < w.end && w.running {
			w.waited += w.now() - slept
		}
	}
	if err != nil {
		return fmt.Errorf("cannot wait for the connections: %w", err)
	}
	for _, event := range w.events[:n] {
		w.see(event)
	}
	if now-w.swept >= sweepEvery {
		w.swept = now
		w.sweep(now)
	}
	return nil
}

// until is how long there is nothing to do if nothing comes in.
func (w *worker) until(now time.Duration) time.Duration {
	next := w.swept + sweepEvery
	for _, q := range []*fifo{&w.later, &w.thinking} {
		if !q.empty() {
			next = min(next, q.first().due)
		}
	}
	if due, more := w.schedule.due(); more && !w.room.empty() && w.running {
		next = min(next, due)
	}
	if w.o.ConnectRate > 0 && !w.ready.empty() {
		next = min(next, now+time.Millisecond)
	}
	if !w.eager.empty() {
		return 0
	}
	return max(0, next-now)
}

// over reports whether nothing more is to be sent or awaited.
func (w *worker) over(now time.Duration) bool {
	_, more := w.schedule.due()
	switch {
	case w.o.Protocol == Receive || w.o.Protocol == Send && w.o.Rate == 0:
		return now >= w.end || w.left == 0
	case now >= w.end+w.o.Timeout:
		return true
	case w.pending > 0:
		return false
	case w.o.Rate > 0:
		return !more && now >= w.end
	}
	return now >= w.end || w.left == 0
}

// sweep gives up what has taken too long, and tells the others how far this worker is. It looks at a part of the
// connections where there are many: to look at a million takes longer than the pause between two sweeps, and each is
// looked at within a second all the same.
func (w *worker) sweep(now time.Duration) {
	all := len(w.conns)
	for range min(all, max(sweepLeast, all/sweeps)) {
		i := w.looked
		w.looked = (i + 1) % all
		c := &w.conns[i]
		switch {
		case (c.state == connecting || c.state == shaking) && now-c.since > w.o.Timeout:
			w.fails(i, now, connectTimedOut)
		case c.answered < c.asked && c.state == open && now-w.group(c, 0).sent > w.o.Timeout:
			w.lose(i, now, timedOut)
		}
	}
	w.live.answered.Store(w.answered)
	w.live.failed.Store(w.failed)
	w.live.total.Store(w.total)
	h := w.actual
	if w.o.Rate > 0 {
		h = w.intended
	}
	w.live.p99.Store(h.ValueAtQuantile(99))
}

// giveUp ends what is still under way, where requests were last issued at a time.
func (w *worker) giveUp(issued time.Duration) {
	now, why := w.now(), timedOut
	if w.stop.Load() {
		why = interrupted
	}
	if w.o.Rate > 0 {
		w.unsent = w.schedule.rest(w.o.Warmup, min(issued, w.end))
	}
	for i := range w.conns {
		c := &w.conns[i]
		for c.answered < c.asked {
			if w.o.Protocol == Send { // it was not sent in time, so it was not sent
				if t := w.oldest(c, 1); t.due >= w.o.Warmup {
					w.sent--
				}
				continue
			}
			w.failed1(c, why, now)
		}
	}
	w.cutOff(now)
}

// cutOff counts the connections that were still being opened at the end: all at an interrupt, and else those that a
// service let wait, not those that have just been begun.
func (w *worker) cutOff(now time.Duration) {
	for i := range w.conns {
		c := &w.conns[i]
		switch {
		case c.state != connecting && c.state != shaking:
		case w.running && w.o.Protocol.single(): // it was for a request, which has failed
		case w.stop.Load():
			w.refusals[interrupted]++
		case now-c.since > keptWaiting:
			w.refusals[connectTimedOut]++
		}
	}
}
