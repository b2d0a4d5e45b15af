package bench

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
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

// result is what all workers have measured.
func (s *Session) result() report.Bench {
	o, sum := &s.o, newTally(&s.o)
	busiest, long := 0.0, time.Duration(0) // what was really measured, which a count or an interrupt ends
	for _, w := range s.workers {
		sum.add(&w.tally)
		if span := w.stopped - o.Warmup; span > 0 {
			long, busiest = max(long, span), max(busiest, 1-w.waited.Seconds()/span.Seconds())
		}
	}
	if o.Count > 0 { // what was asked in the warm-up is not of it, though it may be answered later
		sum.inTime = min(sum.inTime, sum.answered)
	}
	each := func(n uint64) float64 { // a second
		if long == 0 {
			return 0
		}
		return float64(n) / long.Seconds()
	}
	b := report.Bench{
		Target: o.Target.Name, Protocol: string(o.Protocol), Size: o.Size, Pipeline: o.Pipeline, Workers: len(s.workers),
		RateAsked: o.Rate, Warmup: o.Warmup.Seconds(), Duration: long.Seconds(),
		Connections: report.BenchConnections{
			Asked: o.Conns, Opened: sum.opened, Lost: sum.lost, LostIdle: byWord(sum.idle), Failed: byWord(sum.refusals),
		},
		Requests: report.BenchRequests{Sent: sum.sent, Answered: sum.answered, Failed: sum.failed, Unsent: sum.unsent},
		Rate:     each(sum.inTime), BytesOut: each(sum.bytesOut), BytesIn: each(sum.bytesIn),
		Latency: report.BenchLatency{Connect: percentiles(sum.connect)}, Errors: byWord(sum.errors),
		CPU: max(0, busiest), Saturated: busiest > saturated, Memory: peak(), TCP: s.tcp, Limits: s.limits,
	}
	if o.Protocol != Send && o.Protocol != Receive {
		b.Latency.Actual, b.Latency.Intended = percentiles(sum.actual), percentiles(sum.intended)
	}
	b.Series = sum.series()
	if b.Latency.Actual != nil {
		b.Heat = sum.heat()
	}
	return b
}

// saturated is the share of its time that a worker may be busy before it, and not the service, may be what is measured.
const saturated = 0.95

func us(nanoseconds int64) float64 { return float64(nanoseconds) / 1e3 }

func percentiles(h *hdrhistogram.Histogram) *report.Percentiles {
	if h.TotalCount() == 0 {
		return nil
	}
	return &report.Percentiles{
		Count: h.TotalCount(), Min: us(h.Min()), Mean: h.Mean() / 1e3, P50: us(h.ValueAtQuantile(50)), P90: us(h.ValueAtQuantile(90)),
		P99: us(h.ValueAtQuantile(99)), P999: us(h.ValueAtQuantile(99.9)), P9999: us(h.ValueAtQuantile(99.99)), Max: us(h.Max()),
	}
}

func byWord(counts [kinds]uint64) map[string]uint64 {
	m := map[string]uint64{}
	for k, n := range counts {
		if n > 0 {
			m[kind(k).String()] = n
		}
	}
	return m
}

// hopeless is the error about a service that nothing was had from.
func (s *Session) hopeless(b report.Bench) error {
	o := &s.o
	switch {
	case b.Requests.Answered > 0 || b.Rate > 0:
		return nil
	case b.Connections.Opened == 0:
		why := inWords(b.Connections.Failed, b.Errors)
		return &report.Error{
			Code: CodeNoConnection, Message: fmt.Sprintf("cannot connect to %s: %s", o.Target.Name, why), Hint: s.hintFor(why),
		}
	}
	if o.Protocol == Receive {
		return &report.Error{
			Code: CodeNoAnswer, Message: fmt.Sprintf("cannot measure %s: it has sent nothing", o.Target.Name),
			Hint: "a service that is to be asked first wants another protocol, see tcptune bench --help",
		}
	}
	return &report.Error{
		Code: CodeNoAnswer, Message: fmt.Sprintf("cannot measure %s: not one of %d requests was answered (%s)",
			o.Target.Name, b.Requests.Sent, inWords(b.Errors, b.Connections.Failed)),
		Hint: fmt.Sprintf("protocol %s may not be what it speaks, see tcptune bench --help", o.Protocol),
	}
}

// inWords lists kinds of failures, the most frequent first.
func inWords(counts ...map[string]uint64) string {
	sum := map[string]uint64{}
	for _, m := range counts {
		for k, n := range m {
			sum[k] += n
		}
	}
	var list []string
	for k := range sum {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b string) int {
		if sum[a] != sum[b] {
			return int(sum[b]) - int(sum[a])
		}
		return strings.Compare(a, b)
	})
	for i, k := range list {
		list[i] = fmt.Sprintf("%s %d times", k, sum[k])
	}
	if len(list) == 0 {
		return "nothing came back"
	}
	return strings.Join(list, ", ")
}

func (s *Session) hintFor(why string) string {
	o := &s.o
	switch first, _, _ := strings.Cut(why, " "); first {
	case refused.String():
		if o.Target.Path == "" {
			return fmt.Sprintf("nothing listens there, or its backlog is full: tcptune port %d", o.Target.Addr.Port())
		}
	case noHandshake.String():
		for _, w := range s.workers {
			if w.shaken.why != nil {
				return fmt.Sprintf("%v; --server-name NAME, --ca FILE, --insecure, or no TLS", w.shaken.why)
			}
		}
		return "it may not speak TLS"
	case noSource.String():
		return "a --source is an address of this machine, see ip address"
	case noPort.String():
		return "every local port is in use: --source gives more addresses to connect from"
	}
	return ""
}
