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
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Config is what a server is made of. Handler is needed; what else is zero has the default that is named with it.
type Config struct {
	// Handler serves the connections: a [StreamHandler], or what [Messages] makes of a [MessageHandler].
	Handler StreamHandler
	// Limits bound what clients can use up; all zero stands for [DefaultLimits].
	Limits Limits
	// ProxyFrom are the networks whose connections begin with a header of the PROXY protocol, version 1 or 2: those of
	// load balancers. It is needed there, and what it says of the client holds for all limits; from elsewhere it is not
	// looked for.
	ProxyFrom []netip.Prefix
	// TLS is for connections that speak it, as in [tls.Server]; nil: they do not.
	TLS *tls.Config
	// Log gets what nobody else is told: panics of handlers, and that accepting fails; nil: nothing is logged.
	Log *slog.Logger
	// Engine is what drives connections, for comparison; the zero value is [Loops] where they can, and [Goroutines] elsewhere.
	Engine Engine
	// Wake is how often an accept loop comes by at least, also when nobody connects, see [Server.Advancing]; 0 stands for
	// a second.
	Wake time.Duration
	// Linger is how many connections that were refused may be kept open, for a second at most, until their clients have
	// read why; others are reset. 0 stands for [DefaultLinger].
	Linger int
	// BaseContext returns the context from which those of the connections of a listener are derived. It is called by
	// [Server.Serve]; nil stands for [context.Background].
	BaseContext func(net.Listener) context.Context
}

// DefaultLinger is how many connections that were refused are kept open at a time, see [Config].
const DefaultLinger = 256

// Server serves connections, see [New]. Its methods may be called by many goroutines.
type Server struct {
	settings  atomic.Pointer[settings]
	lingering atomic.Int64

	start   time.Time
	conns   registry
	loopSet loops
	slots   slots
	clients clients
	crowd   crowd
	output  output
	input   input
	buffers buffers
	count   counters

	stallTold atomic.Int64 // when it was last logged that a handler waits, nanoseconds after start; 0: never

	draining atomic.Bool
	grace    atomic.Int64  // of that drain, see idleGrace
	shut     atomic.Bool   // and nobody is accepted any more
	drain    chan struct{} // closed then
	forced   chan struct{} // closed when it does not wait any longer
	served   chan struct{} // closed when the last connection has ended
	over     chan struct{} // closed when all is done
	reloaded chan struct{}

	mu         sync.Mutex
	loops      []*acceptor
	running    sync.WaitGroup // goroutines of connections
	accepting  sync.WaitGroup
	background sync.WaitGroup
	sweeping   sync.Once
	forcing    sync.Once
}

// settings are what a reload replaces.
type settings struct {
	Config
	messages   MessageHandler // that of Handler; nil where that is for streams
	acceptRate *rate.Limiter
}

// New makes a server that serves nobody yet. The error is about the configuration: no handler, a limit that cannot be,
// or a negative Wake or Linger.
func New(config Config) (*Server, error) {
	s := &Server{
		start: time.Now(), drain: make(chan struct{}), forced: make(chan struct{}), served: make(chan struct{}),
		over: make(chan struct{}), reloaded: make(chan struct{}, 1),
	}
	if err := s.Reload(config); err != nil {
		return nil, err
	}
	return s, nil
}

// Reload replaces the configuration while the server runs. The new limits hold at once, its deadlines also for
// connections that are served; these keep their handler and their TLS, and nobody is cut because there may be fewer of
// them now. A new BaseContext holds for the listeners that are served from now on. The error is as that of [New]; then
// nothing changes.
func (s *Server) Reload(config Config) error {
	now := &settings{Config: config}
	h, isMessages := config.Handler.(messages)
	if now.messages = h.MessageHandler; config.Handler == nil || isMessages && h.MessageHandler == nil {
		return errors.New("cannot serve without a handler")
	}
	if now.Limits == (Limits{}) {
		now.Limits = DefaultLimits()
	}
	if err := now.Limits.Validate(); err != nil {
		return err
	}
	if now.Wake < 0 || now.Linger < 0 {
		return fmt.Errorf("cannot use a negative wake or linger: %v, %d", now.Wake, now.Linger)
	}
	if now.Engine < AnyEngine || now.Engine > Loops {
		return fmt.Errorf("cannot use engine %d: there is none", now.Engine)
	}
	now.Wake, now.Linger = cmp.Or(now.Wake, time.Second), cmp.Or(now.Linger, DefaultLinger)
	if now.Log == nil {
		now.Log = slog.New(slog.DiscardHandler)
	}
	l := &now.Limits
	s.output.max.Store(l.MaxOutput)
	s.input.resize(l.MaxInput)
	s.clients.resize(l.ClientRate, l.ClientBurst)
	s.crowd.resize(l.ClientConns)
	now.acceptRate = newLimiter(l.AcceptRate, l.AcceptBurst)
	if old := s.settings.Load(); old != nil &&
		old.Limits.AcceptRate == l.AcceptRate && old.Limits.AcceptBurst == l.AcceptBurst {
		now.acceptRate = old.acceptRate // which may be used up
	}
	s.settings.Store(now)
	s.slots.resize(l.MaxConns, l.Queue)
	select {
	case s.reloaded <- struct{}{}:
	default:
	}
	return nil
}

// ErrServerClosed is what [Server.Serve] returns after [Server.Shutdown] or [Server.Close].
var ErrServerClosed = errors.New("the server is closed")

// Serve accepts the connections of l, and closes l in the end. It returns [ErrServerClosed] once the server drains or
// is closed, without waiting for its connections, and otherwise the error for which l accepts nobody any more, also
// [net.ErrClosed] where l was closed. Several listeners may be served at a time.
func (s *Server) Serve(l net.Listener) error {
	a := &acceptor{server: s, Listener: l, close: sync.OnceValue(l.Close)}
	defer func() { _ = a.close() }()
	a.ctx = context.Background() //nolint:forbidigo // as in net/http: BaseContext is where callers hand theirs down
	if base := s.settings.Load().BaseContext; base != nil {
		if a.ctx = base(l); a.ctx == nil {
			return fmt.Errorf("cannot serve %s: BaseContext has returned no context", l.Addr())
		}
	}
	if d, ok := l.(interface{ SetDeadline(time.Time) error }); ok {
		a.deadline = d.SetDeadline
	}
	if err := s.startLoops(); err != nil {
		return err
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
func (a *acceptor) arrived(c *arrival) {
	s := a.server
	s.count.accepted.Add(1)
	c.client, _ = clientOf(c.remote)
	now := s.settings.Load()
	if c.proxied = now.isProxy(c.remote); c.proxied { // whose client it is shows later, and a proxy may have any number
		c.client = netip.Addr{}
	}
	if why := s.admit(c.client); why != notEnded {
		s.refuse(c, why)
		return
	}
	granted, place := s.slots.arrive()
	if !granted && place == nil {
		s.crowd.leave(c.client)
		s.refuse(c, QueueFull)
		return
	}
	if granted && s.looped(c, now) {
		return
	}
	var one *conn
	if s.loopFor(now) == nil {
		one = s.connOf(c) // here, since it takes more stack than all that follows
	}
	s.running.Go(func() { // what is on its stack is there for each connection that waits: 2 KiB are enough
		if !granted && !s.awaitSlot(c, place) {
			s.crowd.leave(c.client)
			return
		}
		if !granted && s.looped(c, s.settings.Load()) {
			return
		}
		defer s.slots.leave()
		if one == nil {
			one = s.connOf(c)
		}
		s.serve(a.ctx, one)
	})
}

// looped has a loop serve a connection, where one can.
func (s *Server) looped(c *arrival, now *settings) bool {
	if c.conn != nil {
		return false
	}
	l := s.loopFor(now)
	if l != nil {
		l.adopt(c, now)
	}
	return l != nil
}

// connOf makes a connection for a goroutine.
func (s *Server) connOf(c *arrival) *conn {
	socket := c.socket()
	return &conn{Conn: socket, socket: socket, server: s, from: c.client, fromProxy: c.proxied}
}

func (s *Server) awaitSlot(c *arrival, place *list.Element) bool {
	if s.slots.wait(place, s.settings.Load().Limits.QueueTimeout, s.forced) {
		return true
	}
	select {
	case <-s.forced:
		s.count.ended[DrainTimeout].Add(1)
		_ = c.socket().Close()
	default:
		s.refuse(c, QueueTimeout)
	}
	return false
}
