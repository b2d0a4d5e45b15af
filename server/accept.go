package server

import (
	"errors"
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
	deadline func(time.Time) error // nil where the listener has none
	stamp    atomic.Int64          // when the loop last came by, nanoseconds since the server's start
	failures uint64                // in a row
	pause    time.Duration
}

// The pauses after accept(2) could not get a descriptor or memory.
const (
	shortestPause = 5 * time.Millisecond
	longestPause  = time.Second
)

func (a *acceptor) come() { a.stamp.Store(int64(time.Since(a.server.clock.start))) }

// run accepts until the server drains or the listener is closed.
func (a *acceptor) run() error {
	for {
		a.come()
		if !a.awaitRate() {
			return nil
		}
		if a.deadline != nil {
			_ = a.deadline(time.Now().Add(a.server.wake))
		}
		if a.server.draining.Load() { // after the deadline is set: Shutdown sets one as well, after draining
			return nil
		}
		c, err := a.Accept()
		switch {
		case err == nil:
			a.recovered()
			a.server.arrived(c)
		case errors.Is(err, os.ErrDeadlineExceeded):
		case errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrClosed):
			return nil
		case passing(err):
			a.server.count.acceptErrors.Add(1)
		case exhausted(err):
			if !a.failed(err) {
				return nil
			}
		default:
			return err
		}
	}
}

// awaitRate waits until the next connection may be accepted: clients wait in the listen backlog meanwhile. It returns
// false when the server drains.
func (a *acceptor) awaitRate() bool {
	limiter := a.server.settings.Load().acceptRate
	if limiter == nil {
		return true
	}
	delay := limiter.Reserve().Delay()
	if delay > 0 {
		a.server.count.delayed.Add(1)
	}
	return a.sleep(delay)
}

// sleep returns false when the server drains.
func (a *acceptor) sleep(d time.Duration) bool {
	for d > 0 {
		slice := min(d, a.server.wake)
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

// passing errors are about one connection that has gone meanwhile, see "Error handling" of accept(2).
func passing(err error) bool {
	for _, errno := range []unix.Errno{
		unix.ECONNABORTED, unix.EPROTO, unix.ENETDOWN, unix.ENOPROTOOPT, unix.EHOSTDOWN, unix.ENONET, unix.EHOSTUNREACH,
		unix.EOPNOTSUPP, unix.ENETUNREACH, unix.EPERM,
	} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// exhausted errors pass when others give something back.
func exhausted(err error) bool {
	for _, errno := range []unix.Errno{unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM} {
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
		a.server.log.Warn("cannot accept connections; trying again until it works", "listener", a.Addr().String(), "error", err)
	}
	pause := a.pause
	a.pause = min(2*a.pause, longestPause)
	return a.sleep(pause)
}

func (a *acceptor) recovered() {
	if a.failures > 0 {
		a.server.log.Info("accepting connections again", "listener", a.Addr().String(), "failures", a.failures)
		a.failures = 0
	}
}
