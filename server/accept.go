package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// acceptor is one listener, and the loop that accepts its connections.
type acceptor struct {
	server *Server
	net.Listener
	ctx      context.Context       // of its connections
	close    func() error          // closes the listener, once
	deadline func(time.Time) error // nil where the listener has none
	stamp    atomic.Int64          // when the loop last came by, nanoseconds since the server's start
	paid     bool                  // there is a token of AcceptRate for the next connection
	failures uint64                // in a row
	pause    time.Duration
	told     time.Time // when it was last logged that accepting fails
	telling  bool      // and it was not logged yet that it works again
}

// The pauses after accept(2) has failed.
const (
	shortestPause = 5 * time.Millisecond
	longestPause  = time.Second
	lastCallTime  = time.Second // in case that clients never cease to come
	tellPause     = time.Minute // between two logs of that, on a server at its limit
)

func (a *acceptor) log() *slog.Logger {
	return a.server.settings.Load().Log.With("listener", a.Addr().String())
}

func (a *acceptor) come() { a.stamp.Store(int64(time.Since(a.server.start))) }

// run accepts until the server has drained, or accepting fails for good.
func (a *acceptor) run() error {
	for {
		a.come()
		if !a.awaitRate() {
			return ErrServerClosed
		}
		if a.deadline != nil {
			_ = a.deadline(time.Now().Add(a.server.settings.Load().Wake))
		}
		if a.server.shut.Load() { // after the deadline is set: Shutdown sets one as well, after shut
			return ErrServerClosed
		}
		c, err := a.next()
		switch {
		case err == nil:
			a.recovered()
			a.paid = false
			a.arrived(c)
		case errors.Is(err, os.ErrDeadlineExceeded):
			a.recovered() // accept(2) needs a descriptor even to find that nobody is there
		case a.server.shut.Load(), a.server.draining.Load() && !passing(err):
			return ErrServerClosed
		case !passing(err):
			return err
		case !a.failed(err):
			return ErrServerClosed
		}
	}
}

// next accepts a connection. Of our own listeners it is a bare descriptor, which a loop may take.
func (a *acceptor) next() (*arrival, error) {
	if l, ok := a.Listener.(*Listener); ok {
		return l.accept()
	}
	c, err := a.Accept()
	if err != nil {
		return nil, err
	}
	return &arrival{conn: c, remote: c.RemoteAddr()}, nil
}

// awaitRate waits until the next connection may be accepted: clients wait in the listen backlog meanwhile. It returns
// false when nobody is accepted any more.
func (a *acceptor) awaitRate() bool {
	for paused := false; !a.paid; paused = true {
		limiter := a.server.settings.Load().acceptRate // which a reload may have replaced meanwhile
		if a.paid = limiter == nil || limiter.Allow(); a.paid {
			break
		}
		if !paused {
			a.server.count.delayed.Add(1)
		}
		missing := (1 - limiter.Tokens()) / float64(limiter.Limit()) // seconds, until there is a whole token
		if !a.sleep(max(min(time.Duration(missing*float64(time.Second)), a.server.settings.Load().Wake), time.Millisecond)) {
			return false
		}
	}
	return true
}

// lastCall accepts, once the loop has ended, the clients in the listen backlog: closing the socket would reset them.
// Where another process has the socket as well, as systemd does, they wait for the next server.
func (a *acceptor) lastCall() {
	l, ok := a.Listener.(*Listener)
	if !ok || !l.alone {
		return
	}
	for end := time.Now().Add(lastCallTime); time.Now().Before(end); {
		c := l.pending()
		if c == nil {
			return
		}
		a.arrived(c)
	}
}

// stop ends the loop.
func (a *acceptor) stop() {
	if a.deadline == nil {
		_ = a.close()
		return
	}
	_ = a.deadline(longAgo())
}

// sleep returns false when nobody is accepted any more.
func (a *acceptor) sleep(d time.Duration) bool {
	for d > 0 {
		slice := min(d, a.server.settings.Load().Wake)
		d -= slice
		select {
		case <-a.server.drain:
			return false
		case <-time.After(slice):
		}
		a.come()
	}
	return true
}

// passing errors are about one connection that has gone meanwhile, see "Error handling" of accept(2), or about what
// others will give back: descriptors and memory.
func passing(err error) bool {
	for _, errno := range []unix.Errno{
		unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM, unix.ECONNABORTED, unix.EPROTO,
		unix.ENETDOWN, unix.ENOPROTOOPT, unix.EHOSTDOWN, unix.ENONET, unix.EHOSTUNREACH,
		unix.EOPNOTSUPP, unix.ENETUNREACH, unix.EPERM,
	} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// failed pauses. It says so once, not for each try.
func (a *acceptor) failed(err error) bool {
	a.server.count.acceptErrors.Add(1)
	if a.failures++; a.failures == 1 {
		a.pause = shortestPause
	}
	if !a.telling && time.Since(a.told) >= tellPause {
		a.telling, a.told = true, time.Now()
		a.log().Warn("cannot accept connections; trying again until it works", "error", err)
	}
	pause := a.pause
	a.pause = min(2*a.pause, longestPause)
	return a.sleep(pause)
}

func (a *acceptor) recovered() {
	if a.telling {
		a.telling = false
		a.log().Info("accepting connections again", "failures", a.failures)
	}
	a.failures = 0
}
