package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/server"
	"github.com/tcptune/tcptune/server/admin"
	"github.com/tcptune/tcptune/server/pool"
)

// service is the running program.
type service struct {
	options
	log         *slog.Logger
	limits      limits
	config      server.Config // what its server was made of
	certificate *certificate  // nil: no TLS
	upstreamTLS *upstreamTLS  // nil: none with upstreams
	server      *server.Server
	pool        *pool.Pool
	sockets     sockets
	admin       []*http.Server
	source      admin.Source
	notifier    notifier
	failed      chan error                        // an accept loop has ended
	shown       atomic.Pointer[map[string]string] // the limits, for who asks over the admin socket
}

// serve runs the service until a signal ends it, and returns the exit code.
func serve(ctx context.Context, o options, environ []string, stderr io.Writer) int {
	s, code := prepared(o, environ, stderr)
	if code >= 0 {
		return code
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGHUP)
	defer signal.Stop(signals)
	var err error
	if s.sockets, err = openSockets(ctx, s.options); err != nil {
		return fail(stderr, exitFailed, err)
	}
	if err := s.sockets.setBacklog(s.limits.backlog); err != nil {
		return fail(stderr, exitFailed, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.start(ctx)
	return s.obey(ctx, signals)
}

// prepared does all that can fail, but for opening sockets. code is an exit code, or goOn.
func prepared(o options, environ []string, stderr io.Writer) (s *service, code int) {
	log, err := newLogger(stderr, o.logFormat, o.logLevel)
	if err != nil {
		return nil, fail(stderr, exitUsage, err)
	}
	s = &service{options: o, log: log, notifier: notifier{log}, failed: make(chan error, 1)}
	if err := s.takeUp(s.possibleLimits()); err != nil {
		return nil, fail(stderr, exitUsage, err)
	}
	if err := s.prepare(environ); err != nil {
		return nil, fail(stderr, exitFailed, err)
	}
	return s, goOn
}

// takeUp makes l the limits of s, and what is shown of them.
func (s *service) takeUp(l limits, err error) error {
	if err != nil {
		return err
	}
	s.limits = l
	shown := map[string]string{}
	for _, f := range limitFlags() {
		shown[f.name] = f.show(l)
	}
	s.shown.Store(&shown)
	return nil
}

func (s *service) prepare(environ []string) (err error) {
	s.config = server.Config{
		Log: s.log, Wake: wakeOf(watchdogInterval()), Engine: server.Engine(slices.Index(engineNames(), s.engine)),
	}
	if s.certificate, err = newCertificate(s.options, environ); err != nil {
		return err
	}
	if s.certificate != nil {
		s.config.TLS = s.certificate.config()
	}
	if s.upstreamTLS, err = newUpstreamTLS(s.options, environ); err != nil {
		return err
	}
	if s.protocol == relay {
		if s.upstreamTLS != nil {
			s.limits.pool.Dial = s.upstreamTLS.dial
		}
		if s.pool, err = pool.New(s.upstreams, s.limits.pool); err != nil {
			return err
		}
	}
	if os.Getenv("GOMAXPROCS") == "" && s.wantsLoops() && s.config.TLS == nil {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1) // a loop for each, see server.Loops
	}
	if s.server, err = server.New(s.configure(s.limits)); err != nil {
		return err
	}
	s.source = admin.Source{
		Server: s.server, Pool: s.pool, Protocol: s.protocol, Version: version, Started: time.Now(), Stuck: 4 * s.config.Wake,
		Limits: func() map[string]string { return *s.shown.Load() },
	}
	if s.certificate != nil {
		s.source.Expires = s.certificate.expires
	}
	return nil
}

// configure is the configuration of the server with these limits.
func (s *service) configure(l limits) server.Config {
	config := s.config
	config.Handler, config.Limits, config.Linger = s.handler(l), l.Limits, l.linger
	config.ProxyFrom = l.proxyFrom
	return config
}

// start begins to serve, and says so.
func (s *service) start(ctx context.Context) {
	for _, l := range s.sockets.admin {
		pages := s.source.LocalHandler()
		if isUnix(l) {
			pages = s.source.Handler()
		}
		one := adminServer(pages, s.log)
		s.admin = append(s.admin, one)
		go func() { _ = one.Serve(l) }()
	}
	if s.pool != nil {
		go s.pool.Run(ctx)
	}
	if s.certificate != nil {
		go s.certificate.watch(ctx, s.log)
	}
	for _, l := range s.sockets.serve {
		go func() {
			if err := s.server.Serve(l); !errors.Is(err, server.ErrServerClosed) {
				s.failed <- err
			}
		}()
	}
	s.log.Info("serving", "protocol", s.protocol, "on", s.sockets.addresses(), "version", version)
	s.notifier.ready(s.status())
	go s.notifier.watch(ctx, s.server, watchdogInterval(), s.status)
}

// adminServer has no log of its own: a line that is none of ours breaks what reads them.
func adminServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

func (s *service) status() string {
	now := s.source.Now()
	return fmt.Sprintf("serving %s, %d of at most %d connections, %d waiting", s.protocol,
		now.Active, now.MaxConns, now.Queued)
}

// obey waits for signals, and returns the exit code.
func (s *service) obey(ctx context.Context, signals <-chan os.Signal) int {
	for {
		select {
		case got := <-signals:
			if got == unix.SIGHUP {
				s.reload()
				continue
			}
			return s.drainAndStop(ctx, signals)
		case <-ctx.Done():
			return s.drainAndStop(context.WithoutCancel(ctx), signals)
		case err := <-s.failed:
			s.log.Error("cannot go on", "error", err)
			s.drainAndStop(ctx, signals)
			return exitFailed
		}
	}
}

// reload reads the limits and the certificate again. Where they are wrong the former ones stay.
func (s *service) reload() {
	s.notifier.reloading()
	now, err := s.possibleLimits()
	if err == nil && s.certificate != nil {
		err = s.certificate.read()
	}
	if err == nil && s.upstreamTLS != nil {
		err = s.upstreamTLS.read()
	}
	if err == nil {
		err = s.server.Reload(s.configure(now))
	}
	if err == nil {
		err = s.sockets.setBacklog(now.backlog)
	}
	if s.takeUp(now, err) != nil {
		s.log.Error("cannot reload; the former limits and certificate stay", "error", err)
		s.notifier.ready("cannot reload, the former limits and certificate stay: " + err.Error())
		return
	}
	defer func() { s.notifier.ready(s.status()) }()
	s.log.Info("reloaded", "limits", s.limitFile)
}

// drainAndStop ends the service. A second signal ends it at once.
func (s *service) drainAndStop(ctx context.Context, signals <-chan os.Signal) int {
	active := s.source.Now().Active
	s.log.Info("draining", "connections", active, "at most", s.limits.drain)
	s.notifier.stopping(fmt.Sprintf("draining %d connections", active))
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.drain(ctx)
	}()
	for {
		select {
		case <-done:
			if s.pool != nil {
				s.pool.Close()
			}
			for _, one := range s.admin {
				_ = one.Close()
			}
			s.log.Info("stopped", "cut", s.server.Stats().Ended[server.DrainTimeout])
			return exitDone
		case got := <-signals:
			if got == unix.SIGHUP {
				continue
			}
			s.log.Warn("stopped at once by a second signal", "connections", s.source.Now().Active)
			return exitFailed
		}
	}
}

// drain ends the server, by force when the time for that is over.
func (s *service) drain(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, s.limits.drain)
	defer cancel()
	if s.server.Shutdown(limited) == nil {
		return
	}
	if err := s.server.Close(); err != nil {
		s.log.Warn("cannot close a listening socket", "error", err)
	}
	_ = s.server.Shutdown(context.WithoutCancel(ctx)) // waits for the handlers
}
