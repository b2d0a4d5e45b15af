package bench

import (
	"fmt"
	"math"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	greeted    = 256                    // connections that a worker opens together; a listener's backlog holds more
	again      = 100 * time.Millisecond // before a connection that was lost or refused is tried again
	sweepEvery = 100 * time.Millisecond
	maxEvents  = 1024
	readSize   = 128 << 10
)

// worker drives its share of the connections from one thread.
type worker struct {
	o       *Options
	of      int // workers in all
	wire    wire
	sources []netip.Addr
	epoll   int
	events  []unix.EpollEvent
	conns   []conn
	times   []asking // o.Pipeline for each connection
	in, buf []byte

	begin      time.Time
	running    bool          // the connections stand, and requests are sent
	end        time.Duration // nothing is sent from then on, but what was due before
	schedule   schedule
	left       uint64 // requests that may still be sent, by count
	pending    int    // requests under way
	connecting int
	opens      float64 // connections that a connect rate has allowed so far
	swept      time.Duration

	room     fifo // open loop: connections that can take a request
	ready    fifo // to be opened now
	later    fifo // to be opened when their time comes
	thinking fifo // to ask when their time comes
	eager    fifo // one-way: can be written to again
	shaken   handshakes

	tally
	live   live
	mark   func() error
	marked int // how often
	stop   *atomic.Bool
}

// live is what others may see while a worker runs.
type live struct {
	answered, failed atomic.Uint64
	open             atomic.Int64
	p99              atomic.Int64
}

func newWorker(o *Options, number int, sources []netip.Addr, stop *atomic.Bool) (*worker, error) {
	workers := o.Workers
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	mine := share(o.Conns, number, workers)
	w := &worker{
		o: o, of: workers, wire: newWire(o), sources: sources, epoll: epoll, events: make([]unix.EpollEvent, maxEvents),
		conns: make([]conn, mine), times: make([]asking, mine*o.Pipeline), in: make([]byte, readSize),
		tally: newTally(o), left: math.MaxUint64, stop: stop, end: o.Warmup + o.Duration,
		schedule: newSchedule(o, number, workers),
	}
	if number == 0 {
		w.mark = o.Mark
	}
	if o.Count > 0 {
		w.left = uint64(share(int(min(o.Count, math.MaxInt)), number, workers))
	}
	for i := range w.conns {
		w.conns[i].id, w.conns[i].fd = number+i*workers, -1
	}
	return w, w.shaken.watch(epoll)
}

// share is how much of n falls to one of several.
func share(n, number, workers int) int { return (n + workers - 1 - number) / workers }

func (w *worker) now() time.Duration { return time.Since(w.begin) }

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
	return nil
}

// run sends requests until the end, and waits for what is under way.
func (w *worker) run(begin time.Time) error {
	w.begin, w.running, w.swept = begin, true, 0
	w.opens = 0
	for i := range w.conns {
		w.conns[i].since = 0
		switch {
		case w.conns[i].state == open:
			w.hasRoom(i, 0)
		case w.o.Protocol.single():
			w.slot(i, 0)
		}
	}
	for !w.stop.Load() {
		now := w.now()
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
	w.giveUp()
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
		return !more || w.left == 0
	}
	return now >= w.end || w.left == 0
}

// issue sends what is due.
func (w *worker) issue(now time.Duration) {
	for !w.thinking.empty() && w.thinking.first().due <= now {
		i := w.thinking.pop()
		switch {
		case w.o.Protocol.single():
			w.ready.push(i, now)
		case now < w.end && w.conns[i].state == open && w.conns[i].underWay() < w.o.Pipeline:
			w.ask(i, now, now, 1)
		}
	}
	for n := w.eager.len(); n > 0; n-- {
		i := w.eager.pop()
		if c := &w.conns[i]; now < w.end && c.state == open && len(c.out) == 0 && c.underWay() == 0 {
			w.ask(i, now, now, w.o.Pipeline)
		}
	}
	for w.o.Rate > 0 && w.left > 0 && !w.room.empty() {
		due, more := w.schedule.due()
		if !more || due > now {
			return
		}
		i := w.room.pop()
		c := &w.conns[i]
		c.waiting = false
		switch {
		case w.o.Protocol.single():
			w.schedule.take()
			w.begins(i, due, now)
		case c.state == open && c.underWay() < w.o.Pipeline:
			w.schedule.take()
			w.ask(i, due, now, 1)
			if c.state == open && !c.waiting && c.underWay() < w.o.Pipeline {
				w.hasRoom(i, now)
			}
		}
	}
}

// hasRoom is for a connection that stands and can take a request.
func (w *worker) hasRoom(i int, now time.Duration) {
	c := &w.conns[i]
	switch {
	case !w.running || w.o.Protocol == Receive:
	case w.o.Rate > 0:
		if !c.waiting {
			c.waiting = true
			w.room.push(i, 0)
		}
	case now < w.end:
		w.ask(i, now, now, w.o.Pipeline-c.underWay())
	}
}

// slot is for the place of a connection that serves one request, and is free.
func (w *worker) slot(i int, now time.Duration) {
	c := &w.conns[i]
	switch {
	case w.o.Rate > 0:
		if !c.waiting {
			c.waiting = true
			w.room.push(i, 0)
		}
	case now < w.end && w.left > 0:
		if w.o.Think > 0 {
			w.thinking.push(i, now+w.o.Think)
			return
		}
		w.ready.push(i, now)
	}
}

// begins opens the connection of one request.
func (w *worker) begins(i int, due, now time.Duration) {
	c := &w.conns[i]
	w.note(c, due, now, 1)
	w.open(i, now)
}

// note counts requests of c that are being sent.
func (w *worker) note(c *conn, due, now time.Duration, n int) {
	*w.group(c, c.groups) = asking{due, now, n}
	c.groups++
	c.asked += uint64(n)
	w.pending += n
	w.left -= min(w.left, uint64(n)) // of what is received more may come at once
	if due >= w.o.Warmup {
		w.sent += uint64(n)
	}
}

// group is one of the groups of requests of c that are under way, counted from the oldest.
func (w *worker) group(c *conn, i int) *asking {
	return &w.times[(c.id/w.of)*w.o.Pipeline+(c.first+i)%w.o.Pipeline]
}

// oldest takes up to most requests from the oldest group of c that is under way.
func (w *worker) oldest(c *conn, most int) asking {
	g := w.group(c, 0)
	t := *g
	t.n = min(t.n, most)
	if g.n -= t.n; g.n == 0 {
		c.first, c.groups = (c.first+1)%w.o.Pipeline, c.groups-1
	}
	c.answered += uint64(t.n)
	w.pending -= t.n
	return t
}

// ask sends requests on a connection that stands.
func (w *worker) ask(i int, due, now time.Duration, n int) {
	c := &w.conns[i]
	if n = int(min(uint64(n), w.left)); n == 0 {
		return
	}
	w.buf = w.buf[:0]
	for k := range n {
		w.buf = w.wire.ask(w.buf, c, c.asked+uint64(k))
	}
	w.note(c, due, now, n)
	w.write(i, now, w.buf)
}

// write sends requests.
func (w *worker) write(i int, now time.Duration, requests []byte) {
	c := &w.conns[i]
	if c.tls != nil {
		records, err := c.tls.seal(requests)
		if err != nil {
			w.lose(i, now, noHandshake)
			return
		}
		requests = records
	}
	w.push(i, now, requests)
}

// push sends bytes, and keeps what the socket does not take.
func (w *worker) push(i int, now time.Duration, bytes []byte) {
	c := &w.conns[i]
	if len(c.out) > 0 {
		c.out = append(c.out, bytes...)
		return
	}
	n, bad := w.put(c, bytes)
	if bad != none {
		w.lose(i, now, bad)
		return
	}
	if now >= w.o.Warmup && now < w.end {
		w.bytesOut += uint64(n)
	}
	if n < len(bytes) {
		c.out = append(c.out[:0], bytes[n:]...)
		return
	}
	if w.o.Protocol == Send {
		w.done(c, now, c.underWay())
		w.wants(i, now)
	}
}

// wants goes on with a one-way connection whose bytes were all taken.
func (w *worker) wants(i int, now time.Duration) {
	if w.o.Rate > 0 {
		w.hasRoom(i, now)
	} else {
		w.eager.push(i, 0)
	}
}

// done counts the answers to the n oldest requests of c.
func (w *worker) done(c *conn, now time.Duration, n int) {
	for n > 0 {
		t := w.oldest(c, n)
		n -= t.n
		if now >= w.o.Warmup && now < w.end {
			w.inTime += uint64(t.n)
		}
		if t.due < w.o.Warmup {
			continue
		}
		w.answered += uint64(t.n)
		w.at(now-w.o.Warmup).add(now-t.due, t.n)
		record(w.actual, now-t.sent, t.n)
		if w.o.Rate > 0 {
			record(w.intended, now-t.due, t.n)
		}
	}
}
