package server

import (
	"container/list"
	"sync"
	"time"
)

// slots are the connections that may be served at a time, and the queue of those that wait for that: first come, first
// served. Both sizes may change while it is used.
type slots struct {
	mu            sync.Mutex
	max, queueMax int
	active        int
	queue         list.List // of chan struct{}, closed by the one who hands over a slot
}

func (s *slots) resize(most, queue int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.max, s.queueMax = most, queue
	s.handOver()
}

// arrive asks for a slot. granted: it has one. Otherwise place is one in the queue, or nil when that is full.
func (s *slots) arrive() (granted bool, place *list.Element) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active < s.max && s.queue.Len() == 0 {
		s.active++
		return true, nil
	}
	if s.queue.Len() >= s.queueMax {
		return false, nil
	}
	place = s.queue.PushBack(make(chan struct{}))
	return false, place
}

// wait waits in a place for a slot. It returns false when patience, unless it is 0, or the server is over first.
func (s *slots) wait(place *list.Element, patience time.Duration, over <-chan struct{}) bool {
	turn, _ := place.Value.(chan struct{})
	var expired <-chan time.Time
	if patience > 0 {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case <-turn:
		return true
	case <-expired:
	case <-over:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-turn: // handed over just now
		return true
	default:
	}
	s.queue.Remove(place)
	return false
}

// leave gives a slot back.
func (s *slots) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active--
	s.handOver()
}

func (s *slots) handOver() {
	for s.active < s.max && s.queue.Len() > 0 {
		first := s.queue.Front()
		s.queue.Remove(first)
		s.active++
		if turn, ok := first.Value.(chan struct{}); ok {
			close(turn)
		}
	}
}

func (s *slots) counts() (active, queued int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active, s.queue.Len()
}
