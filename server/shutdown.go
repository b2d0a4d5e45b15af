package server

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Draining reports whether Shutdown or Close was called.
func (s *Server) Draining() bool { return s.draining.Load() }

// Shutdown drains the server: it finishes what is in flight, closes each connection after that, and returns nil when all
// is done. When ctx ends first it returns the error of ctx, and the drain goes on, until it is done or [Server.Close]
// ends it. It may be called several times, and at any time: a server that was shut down before it serves never does, and
// after Close it waits until the handlers have returned.
//
// A connection on which nothing is in flight is kept for five seconds, or half of the time that ctx leaves where that is
// less: its client may be sending just now. A message that comes meanwhile is answered, and the client learns that it is
// the last: HTTP says so, and the answer of a [MessageHandler] has the end of the connection in its last packet. So who
// looks at a connection before it is used again loses nothing. While any is kept the server also accepts; then nobody.
//
// Of a socket that [Listen] opened, the clients in the listen backlog are still accepted, for a second at most: they
// would be reset otherwise. One that waits in the queue is still served.
func (s *Server) Shutdown(ctx context.Context) error {
	grace := idleGrace
	if end, ok := ctx.Deadline(); ok {
		grace = max(min(grace, time.Until(end)/2), 0)
	}
	if s.begin(grace) {
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
	first := s.begin(0)
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
	for _, l := range s.loopSet.each() {
		l.post(l.cutAll)
	}
	if first {
		go s.finish()
	}
	return errors.Join(errs...)
}

// idleGrace is how long, while the server drains, a client may be silent, also one that has just come.
const idleGrace = 5 * time.Second

// begin makes the server one that drains: from now on no accept loop begins. It returns false where it did already.
func (s *Server) begin(grace time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining.Load() {
		return false
	}
	s.grace.Store(int64(grace))
	s.draining.Store(true)
	return true
}

// finish tells the connections, ends the accept loops, and waits.
func (s *Server) finish() {
	for c := range s.conns.all() {
		c.wake()
	}
	for _, l := range s.loopSet.each() {
		l.post(l.drain)
	}
	s.awaitWords()
	s.shut.Store(true)
	close(s.drain)
	for _, a := range s.acceptors() {
		a.stop()
	}
	s.accepting.Wait()
	s.running.Wait()
	close(s.served)
	for _, l := range s.loopSet.each() {
		l.post(func() {}) // it may sleep
	}
	s.background.Wait()
	close(s.over)
}

// restLook is how often it is looked whether any connection is kept.
const restLook = 20 * time.Millisecond

// awaitWords waits while connections are kept for whom nothing was in flight: who comes meanwhile is served, and does not
// wait for them.
func (s *Server) awaitWords() {
	for end := time.Now().Add(time.Duration(s.grace.Load())); s.anyRests() && time.Now().Before(end); {
		select {
		case <-s.forced:
			return
		case <-time.After(restLook):
		}
	}
}

func (s *Server) anyRests() bool {
	for c := range s.conns.all() {
		if c.rests.Load() || c.state() == waiting {
			return true
		}
	}
	return slices.ContainsFunc(s.loopSet.each(), func(l *loop) bool { return l.rests.Load() > 0 })
}

func (s *Server) acceptors() []*acceptor {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.loops)
}

// Advancing reports whether every accept loop, and every loop that drives connections, came by within the given time, which is longer than [Config.Wake]. Loops
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
	for _, l := range s.loopSet.each() {
		if now-time.Duration(l.stamp.Load()) > within {
			return false
		}
	}
	return len(s.loops) > 0
}
