package server

import (
	"context"
	"errors"
	"slices"
	"time"
)

// errDraining is why the context of a StreamHandler ends.
var errDraining = errors.New("the server drains")

// drainContext ends when the server drains. It costs nothing per connection.
type drainContext struct{ done chan struct{} }

func (drainContext) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }
func (d drainContext) Done() <-chan struct{}                 { return d.done }
func (drainContext) Value(any) any                           { return nil }

func (d drainContext) Err() error {
	select {
	case <-d.done:
		return errDraining
	default:
		return nil
	}
}

// Draining reports whether Shutdown was called.
func (s *Server) Draining() bool { return s.draining.Load() }

// Shutdown drains the server: it accepts nobody any more, closes the connections on which nothing is in flight, finishes
// what is, and returns when all is done. When ctx ends first, it closes what is left. cut is how many those were. Who calls
// it once more waits as well, and closes what is left when their ctx ends.
//
// Of a socket that [Listen] opened, who is in the listen backlog is still accepted, since they would be reset otherwise.
//
// A connection that has not said anything yet counts as in flight for five seconds: it was accepted, so nobody else will
// answer it. One that waits in the queue is still served.
func (s *Server) Shutdown(ctx context.Context) (cut int) {
	s.mu.Lock()
	first := s.draining.CompareAndSwap(false, true)
	s.mu.Unlock() // from now on no accept loop begins
	if first {
		close(s.drain)
		go s.finish()
	}
	select {
	case <-s.over:
	case <-ctx.Done():
		s.forcing.Do(s.force)
		<-s.over
	}
	s.background.Wait()
	return int(s.count.ended[DrainTimeout].Load())
}

// finish ends the accept loops, tells the connections, and waits for them.
func (s *Server) finish() {
	for _, a := range s.acceptors() {
		a.stop()
	}
	s.accepting.Wait()
	for c := range s.conns.all() {
		c.wake()
	}
	s.running.Wait()
	close(s.over)
}

// force closes all that is left.
func (s *Server) force() {
	close(s.forced)
	for _, a := range s.acceptors() {
		_ = a.Close() // which ends an Accept that its deadline has not ended
	}
	for c := range s.conns.all() {
		if !c.cut(DrainTimeout) {
			_ = c.socket.Close() // it has ended, and lingers
		}
	}
}

func (s *Server) acceptors() []*acceptor {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.loops)
}

// Advancing reports whether every accept loop came by within the given time, which is longer than [Config.Wake]. Loops
// that have ended because the server drains count as advancing, and one whose listener was closed is forgotten; without any
// loop nothing advances. It is for watchdogs. The loop of a listener without SetDeadline only comes by when somebody
// connects.
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
