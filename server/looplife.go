package server

import (
	"math"
	"time"
)

// watch has the connection looked at when the first of its deadlines is over.
func (l *loop) watch(fd int32, s *slot) {
	limits, first := &l.settings.Limits, int64(math.MaxInt64)
	after := func(from int64, limit time.Duration) {
		if limit > 0 {
			first = min(first, from+int64(limit))
		}
	}
	if s.is(lingers) {
		l.wheel.put(fd, s, s.since+int64(lingerTime))
		return
	}
	after(s.opened, limits.TotalTimeout)
	switch phase(s.phase) {
	case waiting:
		after(s.since, limits.IdleTimeout)
	case reading, handshake:
		after(s.since, limits.ReadTimeout)
	case writing:
		if limits.boundsWriting() {
			after(l.now, limits.pace())
		}
	}
	if l.asks(s) {
		first = min(first, l.keptUntil(s))
	}
	if first != math.MaxInt64 {
		l.wheel.put(fd, s, first)
	}
}

// asks tells whether a drain bounds how long the client may say nothing.
func (l *loop) asks(s *slot) bool {
	return l.drains && (phase(s.phase) == waiting || phase(s.phase) == handshake)
}

// keptUntil is that of a conn.
func (l *loop) keptUntil(s *slot) int64 {
	if s.until == 0 {
		s.until = l.now + l.server.grace.Load()
	}
	return s.until
}

// look looks whether a deadline is over.
func (l *loop) look(fd int32, s *slot) {
	if s.is(lingers) {
		if l.now-s.since >= int64(lingerTime) {
			l.close(fd, s)
			return
		}
		l.watch(fd, s)
		return
	}
	limits, age := l.settings.Limits, time.Duration(l.now-s.opened)
	why := limits.overdue(phase(s.phase), age, time.Duration(l.now-s.since))
	if why == notEnded && phase(s.phase) == writing && limits.boundsWriting() {
		since := time.Duration(s.since - s.opened)
		why = limits.tooSlow(&l.sides[s.side].taken, &since, acknowledged(int(fd), s.bytesOut), age)
		s.since = s.opened + int64(since)
	}
	switch {
	case why != notEnded:
		l.end(fd, s, why)
	case l.asks(s) && l.now >= l.keptUntil(s):
		l.lastLook(fd, s)
	default:
		l.watch(fd, s)
	}
}

// lastLook ends a connection on which nothing is in flight, unless a message has just arrived.
func (l *loop) lastLook(fd int32, s *slot) {
	if phase(s.phase) == handshake {
		l.end(fd, s, Drained)
		return
	}
	if !l.receive(fd, s) {
		l.end(fd, s, Drained)
	}
}

// lookLast takes the last looks that are due.
func (l *loop) lookLast() {
	now := l.last
	l.last = nil
	for _, p := range now {
		if s := l.find(p); s != nil && phase(s.phase) == waiting && s.is(lastSent) {
			l.lastLook(p.fd, s)
		}
	}
}

// drain tells the connections that the server drains.
func (l *loop) drain() {
	l.drains = true
	l.wheel.slab.each(l.number, l.watch)
}

// cutAll ends all connections at once.
func (l *loop) cutAll() {
	l.wheel.slab.each(l.number, func(fd int32, s *slot) {
		if s.is(lingers) {
			l.close(fd, s)
			return
		}
		l.end(fd, s, DrainTimeout)
	})
}

// listed has the connections of a loop as they are at a time, in nanoseconds since the server's start, unless it is held
// up. One that was accepted after it is no younger than 0.
func (l *loop) listed(at int64) []listed {
	found := make(chan []listed, 1)
	l.post(func() {
		var all []listed
		l.wheel.slab.each(l.number, func(_ int32, s *slot) {
			all = append(all, listed{ConnInfo{
				Age: time.Duration(max(at-s.opened, 0)), State: phase(s.phase).String(), InState: time.Duration(max(at-s.since, 0)),
				BytesIn: s.bytesIn, BytesOut: s.bytesOut, Messages: s.messages,
			}, s.RemoteAddr()})
		})
		found <- all
	})
	patience := time.NewTimer(listPatience)
	defer patience.Stop()
	select {
	case all := <-found:
		return all
	case <-l.server.served:
	case <-patience.C:
	}
	return nil
}

// listPatience is how long a loop may take to tell its connections: its handler must not wait.
const listPatience = time.Second
