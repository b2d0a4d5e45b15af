package server

import (
	"cmp"
	"container/list"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Config is what a server is made of. One of Handler and Stream is needed.
type Config struct {
	Handler Handler
	Stream  StreamHandler
	Limits  Limits
	TLS     *tls.Config  // nil: none
	Log     *slog.Logger // nil: nothing is logged
	// Wake is how often an accept loop comes by at least, also when nobody connects; 0 stands for a second.
	Wake time.Duration
	// Linger is how many connections that were refused may be kept open, for a second at most, until their clients have read
	// why; others are reset. 0 stands for [DefaultLinger].
	Linger int
	// BaseContext returns the context from which those of the connections of a listener are derived, when [Server.Serve] is
	// called; nil stands for [context.Background].
	BaseContext func(net.Listener) context.Context
}

// DefaultLinger is how many connections that were refused are kept open at a time.
const DefaultLinger = 256

// Server serves connections, see [New].
type Server struct {
	config   Config
	log      *slog.Logger
	wake     time.Duration
	settings atomic.Pointer[settings]

	start   time.Time
	conns   registry
	slots   slots
	clients clients
	output  output
	buffers buffers
	count   counters

	draining  atomic.Bool
	drain     chan struct{} // closed when the server drains
	forced    chan struct{} // closed when it does not wait any longer
	served    chan struct{} // closed when the last connection has ended
	over      chan struct{} // closed when all is done
	reloaded  chan struct{}
	lingering chan struct{}

	mu         sync.Mutex
	loops      []*acceptor
	running    sync.WaitGroup // goroutines of connections
	accepting  sync.WaitGroup
	background sync.WaitGroup
	sweeping   sync.Once
	forcing    sync.Once
}

// settings is what a reload replaces. Connections keep the handler that they began with.
type settings struct {
	handler    Handler
	stream     StreamHandler
	limits     Limits
	acceptRate *rate.Limiter
}

func (s *settings) refuser() (r Refuser, ok bool) {
	if s.stream != nil {
		r, ok = s.stream.(Refuser)
		return r, ok
	}
	r, ok = s.handler.(Refuser)
	return r, ok
}

const defaultWake = time.Second

// New makes a server that serves nobody yet. The error is about the configuration.
func New(config Config) (*Server, error) {
	s := &Server{
		config: config, log: config.Log, wake: config.Wake, start: time.Now(),
		drain: make(chan struct{}), forced: make(chan struct{}), served: make(chan struct{}), over: make(chan struct{}),
		reloaded:  make(chan struct{}, 1),
		lingering: make(chan struct{}, cmp.Or(config.Linger, DefaultLinger)),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.wake <= 0 {
		s.wake = defaultWake
	}
	if err := s.Reload(config.Handler, config.Stream, config.Limits); err != nil {
		return nil, err
	}
	return s, nil
}

// Reload replaces the handler and the limits. New connections get both; those that are served keep their handler, and
// the new deadlines hold for them as well. One of handler and stream is nil.
func (s *Server) Reload(handler Handler, stream StreamHandler, limits Limits) error {
	if err := limits.Validate(); err != nil {
		return err
	}
	if (handler == nil) == (stream == nil) {
		return errors.New("cannot serve: one handler is needed")
	}
	s.output.max.Store(limits.MaxOutput)
	s.clients.resize(limits.ClientRate, limits.ClientBurst)
	acceptRate := newLimiter(limits.AcceptRate, limits.AcceptBurst)
	if old := s.settings.Load(); old != nil && old.limits.AcceptRate == limits.AcceptRate && old.limits.AcceptBurst == limits.AcceptBurst {
		acceptRate = old.acceptRate // which may be used up
	}
	s.settings.Store(&settings{handler, stream, limits, acceptRate})
	s.slots.resize(limits.MaxConns, limits.Queue)
	select {
	case s.reloaded <- struct{}{}:
	default:
	}
	return nil
}

// ErrServerClosed is what [Server.Serve] returns after [Server.Shutdown] or [Server.Close].
var ErrServerClosed = errors.New("the server is closed")

// Serve accepts the connections of l, and closes l in the end. It returns [ErrServerClosed] once the server drains or is
// closed, without waiting for its connections, and otherwise the error for which l accepts nobody any more, also
// [net.ErrClosed] where l was closed. Several listeners may be served at a time.
func (s *Server) Serve(l net.Listener) error {
	a := &acceptor{server: s, Listener: l, close: sync.OnceValue(l.Close)}
	defer func() { _ = a.close() }()
	a.ctx = context.Background() //nolint:forbidigo // as in net/http: BaseContext is where callers hand theirs down
	if base := s.config.BaseContext; base != nil {
		if a.ctx = base(l); a.ctx == nil {
			return fmt.Errorf("cannot serve %s: BaseContext has returned no context", l.Addr())
		}
	}
	if d, ok := l.(interface{ SetDeadline(time.Time) error }); ok {
		a.deadline = d.SetDeadline
	}
	a.come()
	s.mu.Lock()
	if s.draining.Load() {
		s.mu.Unlock()
		return ErrServerClosed
	}
	s.accepting.Add(1)
	s.loops = append(s.loops, a)
	s.mu.Unlock()
	defer s.accepting.Done()
	s.sweeping.Do(func() { s.background.Go(s.sweep) })
	err := a.run()
	if errors.Is(err, ErrServerClosed) {
		a.lastCall()
	} else {
		closed := errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrClosed)
		err = fmt.Errorf("cannot accept connections on %s: %w", l.Addr(), err)
		if !closed { // it stays known, as one that does not advance
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loops = slices.DeleteFunc(s.loops, func(one *acceptor) bool { return one == a })
	return err
}

// arrived serves a connection, has it wait for that, or refuses it.
func (a *acceptor) arrived(c net.Conn) {
	s := a.server
	s.count.accepted.Add(1)
	if !s.clients.allow(c.RemoteAddr()) {
		s.refuse(c, ClientRate)
		return
	}
	granted, place := s.slots.arrive()
	if !granted && place == nil {
		s.refuse(c, QueueFull)
		return
	}
	s.running.Go(func() {
		if !granted && !a.server.awaitSlot(c, place) {
			return
		}
		defer a.server.slots.leave()
		a.server.serve(a.ctx, c)
	})
}

func (s *Server) awaitSlot(c net.Conn, place *list.Element) bool {
	if s.slots.wait(place, s.settings.Load().limits.QueueTimeout, s.forced) {
		return true
	}
	select {
	case <-s.forced:
		s.count.ended[DrainTimeout].Add(1)
		_ = c.Close()
	default:
		s.refuse(c, QueueTimeout)
	}
	return false
}
