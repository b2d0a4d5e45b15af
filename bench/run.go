package bench

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/report"
)

// CodeNoConnection is the code of the error about a service that cannot be reached, CodeNoAnswer of one that has answered
// nothing.
const (
	CodeNoConnection = "no-connection"
	CodeNoAnswer     = "no-answer"
)

// Now is how far a test is.
type Now struct {
	Target, Protocol string
	OpenLoop         bool // the latency is that from when requests were due
	Opening          bool // connections are being opened
	At, Of           time.Duration
	Answered, Failed uint64
	Open             int64
	Rate             float64 // answers a second, since it was last told
	P99              time.Duration
}

// Run puts a service under load. told hears of the progress four times a second, and may be nil. What was measured until ctx
// ended is returned beside the error. A service that cannot be reached, or answers nothing, is an error too.
func Run(ctx context.Context, o Options, told func(Now)) (report.Bench, error) {
	s, err := Open(ctx, o, told)
	if s == nil {
		return report.Bench{}, err
	}
	defer s.Close()
	if err != nil {
		return s.result(), err
	}
	return s.Run(ctx)
}

// Session is the connections to a service, and what was measured on them. Its functions are not for concurrent use.
type Session struct {
	o       Options
	workers []*worker
	stop    atomic.Bool
	told    func(Now)
	limits  []report.BenchLimit
	tcp     *report.BenchTCP
	begun   atomic.Int64 // when the run has begun, in nanoseconds since 1970; 0 while connections are opened
}

// Open opens the connections. Where none could be opened it returns what was tried beside the error.
func Open(ctx context.Context, o Options, told func(Now)) (s *Session, err error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if o.Workers == 0 {
		o.Workers = min(o.Conns, defaultWorkers(o.Target))
	}
	sources := sourcesOf(&o)
	limits, err := Limits(&o, len(sources))
	if err != nil {
		return nil, err
	}
	if o.Near != nil {
		for _, l := range limits {
			o.Near(l)
		}
	}
	s = &Session{o: o, told: told, limits: limits}
	for n := range o.Workers {
		w, err := newWorker(&s.o, n, sources, &s.stop)
		if err != nil {
			s.Close()
			return nil, fmt.Errorf("cannot begin: %w", err)
		}
		s.workers = append(s.workers, w)
	}
	if o.Protocol.single() {
		return s, nil
	}
	if err = s.each(ctx, (*worker).openAll); err == nil && s.opened() == 0 {
		err = s.hopeless(s.result())
	}
	return s, err
}

// Run runs the test on the connections that stand.
func (s *Session) Run(ctx context.Context) (report.Bench, error) {
	begin := time.Now()
	s.begun.Store(begin.UnixNano())
	err := s.each(ctx, func(w *worker) error { return w.run(begin) })
	s.tcp = s.sockets()
	b := s.result()
	if err == nil {
		err = s.hopeless(b)
	}
	return b, err
}

// Close closes all connections.
func (s *Session) Close() {
	for _, w := range s.workers {
		_ = w.close()
	}
	s.workers = nil
}

// each has every worker do something, in a thread of its own, until all are done or ctx ends.
func (s *Session) each(ctx context.Context, do func(*worker) error) error {
	ended := context.AfterFunc(ctx, func() { s.stop.Store(true) })
	defer ended()
	defer s.watch()()
	errs := make([]error, len(s.workers))
	var done sync.WaitGroup
	for i, w := range s.workers {
		done.Go(func() {
			// The thread is given back as it was. Were it to end, a process that it has started might be told (PR_SET_PDEATHSIG).
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			free, err := s.bind(i)
			if err == nil {
				err = do(w)
			}
			errs[i] = errors.Join(err, free())
		})
	}
	done.Wait()
	return errors.Join(append(errs, context.Cause(ctx))...)
}

// bind binds a worker's thread to its processor, where one is named, until the function that it returns is called.
func (s *Session) bind(i int) (free func() error, err error) {
	var before, set unix.CPUSet
	free = func() error { return nil }
	if len(s.o.CPUs) == 0 {
		return free, nil
	}
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return free, err
	}
	set.Set(s.o.CPUs[i%len(s.o.CPUs)])
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return free, fmt.Errorf("cannot bind a thread to processor %d: %w", s.o.CPUs[i%len(s.o.CPUs)], err)
	}
	return func() error { return unix.SchedSetaffinity(0, &before) }, nil
}

// defaultWorkers is a thread for each core, and for a service on this machine half of them.
func defaultWorkers(t Target) int {
	cores := runtime.GOMAXPROCS(0)
	if t.Path != "" || t.Addr.Addr().IsLoopback() {
		return max(1, cores/2)
	}
	return cores
}

func (s *Session) opened() (n int) {
	for _, w := range s.workers {
		n += w.tally.opened
	}
	return n
}

// watch tells how far the test is, until the function that it returns is called.
func (s *Session) watch() (end func()) {
	if s.told == nil {
		return func() {}
	}
	over := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		last, before := s.total(), time.Now()
		for {
			select {
			case <-over:
				return
			case at := <-tick.C:
				n, total := s.now(), s.total()
				n.Rate = float64(total-last) / at.Sub(before).Seconds()
				last, before = total, at
				s.told(n)
			}
		}
	})
	return func() {
		close(over)
		ended.Wait()
	}
}

// total is how many requests have been answered, those of the warm-up included.
func (s *Session) total() (n uint64) {
	for _, w := range s.workers {
		n += w.live.total.Load()
	}
	return n
}

func (s *Session) now() Now {
	begun := s.begun.Load()
	n := Now{
		Target: s.o.Target.Name, Protocol: string(s.o.Protocol), OpenLoop: s.o.Rate > 0, Opening: begun == 0, Of: s.o.Warmup + s.o.Duration,
	}
	if !n.Opening {
		n.At = time.Since(time.Unix(0, begun))
	}
	for _, w := range s.workers {
		n.Answered += w.live.answered.Load()
		n.Failed += w.live.failed.Load()
		n.Open += w.live.open.Load()
		n.P99 = max(n.P99, time.Duration(w.live.p99.Load()))
	}
	return n
}

// sourcesOf are the addresses to connect from. On 127.0.0.0/8 every address is ours, so there are as many as are needed.
func sourcesOf(o *Options) []netip.Addr {
	to := o.Target.Addr.Addr()
	if len(o.Sources) > 0 || o.Target.Path != "" || !to.Is4() || !to.IsLoopback() {
		return o.Sources
	}
	n := o.Conns/portsEach() + 1
	if o.Protocol.single() {
		n = max(n, 8)
	}
	list := make([]netip.Addr, 0, n)
	for addr := netip.AddrFrom4([4]byte{127, 0, 0, 1}); len(list) < n; addr = addr.Next() {
		list = append(list, addr)
	}
	return list
}

// portsEach is how many connections are made from one address: fewer than half of its ports. The kernel gives out every other
// one first, and once these are taken it walks over all of them for each connection more, see __inet_hash_connect.
func portsEach() int { return max(1, int(ephemeral()*9/20)) }
