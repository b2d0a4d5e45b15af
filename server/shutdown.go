package server

import (
	"context"
	"errors"
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
// what is, and returns when all is done. When ctx ends first, it closes what is left. cut is how many those were.
//
// A connection that has not said anything yet counts as in flight for five seconds: it was accepted, so nobody else will
// answer it.
func (s *Server) Shutdown(ctx context.Context) (cut int) {
	s.mu.Lock()
	first := s.draining.CompareAndSwap(false, true)
	loops := s.loops
	s.mu.Unlock()
	if !first {
		<-s.over
		return 0
	}
	close(s.drain)
	past := time.Unix(1, 0)
	for _, a := range loops {
		if a.deadline != nil {
			_ = a.deadline(past)
		} else {
			_ = a.Close()
		}
	}
	s.accepting.Wait()
	for c := range s.conns.all() {
		if p, _ := c.state(); p != streaming { // an HTTP server has deadlines of its own
			_ = c.SetReadDeadline(past)
		}
	}
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		close(s.forced)
		for c := range s.conns.all() {
			cut++
			c.cut(DrainTimeout)
		}
		<-done
	}
	close(s.over)
	s.background.Wait()
	return cut
}

// Advancing reports whether every accept loop came by within the given time, which is longer than [Config.Wake]. Loops
// that have ended because the server drains count as advancing. It is for watchdogs.
func (s *Server) Advancing(within time.Duration) bool {
	if s.draining.Load() {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Since(s.clock.start)
	for _, a := range s.loops {
		if now-time.Duration(a.stamp.Load()) > within {
			return false
		}
	}
	return len(s.loops) > 0
}
