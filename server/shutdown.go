package server

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Draining reports whether Shutdown or Close was called.
func (s *Server) Draining() bool { return s.draining.Load() }

// Shutdown drains the server: it accepts nobody any more, closes the connections on which nothing is in flight,
// finishes what is, and returns nil when all is done. When ctx ends first it returns the error of ctx, and the drain
// goes on, until it is done or [Server.Close] ends it. It may be called several times, and at any time: a server that
// was shut down before it serves never does, and after Close it waits until the handlers have returned.
//
// Of a socket that [Listen] opened, the clients in the listen backlog are still accepted, for a second at most: they
// would be reset otherwise. A connection that has not said anything yet counts as in flight for five seconds: it was
// accepted, so nobody else will answer it. One that waits in the queue is still served.
func (s *Server) Shutdown(ctx context.Context) error {
	if s.begin() {
		go s.finish()
	}
	select {
	case <-s.over:
		return nil
	default:
	}
	select {
	case <-s.over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends the server at once: it closes all listeners and all connections, which count as [DrainTimeout]. It does
// not wait for handlers, which find their connection closed and their context at its end; a call of [Server.Shutdown]
// does. It may be called several times, and at any time. The error is that of closing the listeners.
func (s *Server) Close() error {
	first := s.begin()
	s.forcing.Do(func() { close(s.forced) })
	var errs []error
	for _, a := range s.acceptors() {
		errs = append(errs, a.close()) // which ends also an Accept that its deadline has not ended
	}
	for c := range s.conns.all() {
		if !c.cut(DrainTimeout) {
			_ = c.socket.Close() // it has ended, and lingers
		}
	}
	if first {
		go s.finish()
	}
	return errors.Join(errs...)
}

// begin makes the server one that drains: from now on no accept loop begins. It returns false where it did already.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.draining.CompareAndSwap(false, true) {
		return false
	}
	close(s.drain)
	return true
}

// finish ends the accept loops, tells the connections, and waits for them.
func (s *Server) finish() {
	for _, a := range s.acceptors() {
		a.stop()
	}
	for c := range s.conns.all() {
		c.wake()
	}
	s.accepting.Wait()
	s.running.Wait()
	close(s.served)
	s.background.Wait()
	close(s.over)
}

func (s *Server) acceptors() []*acceptor {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.loops)
}

// Advancing reports whether every accept loop came by within the given time, which is longer than [Config.Wake]. Loops
// that have ended because the server drains count as advancing, and one whose listener was closed is forgotten; without
// any loop nothing advances. It is for watchdogs. The loop of a listener without SetDeadline only comes by when
// somebody connects.
func (s *Server) Advancing(within time.Duration) bool {
	if s.draining.Load() {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Since(s.start)
	for _, a := range s.loops {
		if now-time.Duration(a.stamp.Load()) > within {
			return false
		}
	}
	return len(s.loops) > 0
}
