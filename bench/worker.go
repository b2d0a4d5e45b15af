package bench

import (
	"errors"
	"math"
	"net/netip"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	greeted = 256                    // connections that a worker opens together; a listener's backlog holds more
	again   = 100 * time.Millisecond // before a connection that was lost or refused is tried again
	apart   = 100 * time.Microsecond // such tries of a worker: a service that is down is not also flooded
	// keptWaiting is how long a connection may be opened before it is the service that has not taken it.
	keptWaiting = time.Second
	sweepEvery  = 100 * time.Millisecond
	sweeps      = 10   // that look at every connection, however many there are
	sweepLeast  = 4096 // connections that each of them looks at, if there are as many
	maxEvents   = 1024
	readSize    = 128 << 10
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
	stopped    time.Duration // when what is measured has ended: then, or before
	schedule   schedule
	left       uint64 // requests that may still be sent, by count
	pending    int    // requests under way
	connecting int
	opens      float64 // connections that a connect rate has allowed so far
	swept      time.Duration
	looked     int           // the connection that the next sweep looks at first
	retried    time.Duration // when the last of the connections that were lost or refused is tried again

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
	total            atomic.Uint64 // answered, those of the warm-up included
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
	switch {
	case o.Count > 0 && o.Rate > 0: // the schedule ends with them, and the time with the schedule
		w.end = min(w.end, w.schedule.at(w.schedule.total))
	case o.Count > 0:
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

// close closes all connections.
func (w *worker) close() error {
	for i := range w.conns {
		w.shut(i)
	}
	return errors.Join(unix.Close(w.epoll), w.shaken.close())
}
