package server

import (
	"encoding/binary"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Engine is what drives connections. It makes no difference to what clients see, and both keep the same limits.
type Engine int

const (
	// AnyEngine is the one that suits the connection: [Loops] where they can drive it.
	AnyEngine Engine = iota
	// Goroutines are one for each connection.
	Goroutines
	// Loops are one for each processor of [runtime.GOMAXPROCS] but one, with an epoll set each, epoll(7). They drive what they
	// can: connections of a [Listener], without TLS, whose handler is made by [Messages]. Others get a goroutine. One
	// processor is left for all that is no loop, since a busy loop gives others a turn only every millisecond. So a program that
	// does little else does well to have one more of them than the machine has.
	Loops
)

// loops are the event loops of a server, made when its first listener is served.
type loops struct {
	slab slab
	all  atomic.Pointer[[]*loop]
}

// each has the loops; there are none before a listener is served.
func (s *loops) each() []*loop {
	if all := s.all.Load(); all != nil {
		return *all
	}
	return nil
}

// onLoops tells whether loops may drive connections with these settings.
func (s *settings) onLoops() bool { return s.messages != nil && s.TLS == nil && s.Engine != Goroutines }

// startLoops makes the loops, with the descriptors that they need: an error of these is that of Serve.
func (s *Server) startLoops() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loopSet.all.Load() != nil || !s.settings.Load().onLoops() {
		return nil
	}
	var all []*loop
	for i := range max(runtime.GOMAXPROCS(0)-1, 1) {
		l, err := newLoop(s, uint32(i+1))
		if err != nil {
			for _, made := range all {
				made.release()
			}
			return err
		}
		all = append(all, l)
	}
	s.loopSet.all.Store(&all)
	for _, l := range all {
		s.background.Go(l.run)
	}
	return nil
}

// loopFor is the loop that has the fewest connections; nil where these settings want goroutines.
func (s *Server) loopFor(now *settings) (least *loop) {
	if !now.onLoops() {
		return nil
	}
	for _, l := range s.loopSet.each() {
		if least == nil || l.conns.Load() < least.conns.Load() {
			least = l
		}
	}
	return least
}

// arrival is a connection that was accepted: a net.Conn, or, of a [Listener], the descriptor of one.
type arrival struct {
	conn   net.Conn // nil: fd it is
	fd     int
	local  net.Addr
	remote net.Addr

	client  netip.Addr // as limits see it; the zero value for all that have no address
	proxied bool       // a header of the PROXY protocol comes first
	now     *settings  // with which a loop serves it

	// What accepting would allocate, for those that a loop takes: the garbage of 10,000 that come is more than all their slots.
	raw  unix.RawSockaddrAny
	tcp  net.TCPAddr
	ip   [16]byte
	try  func(listener uintptr) bool
	err  error
	from *sync.Pool // where it goes back to; nil: nowhere
}

// name says where it comes from.
func (a *arrival) name() {
	port := func(p *uint16) int { return int(binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(p))[:])) }
	switch a.raw.Addr.Family {
	case unix.AF_INET:
		from := (*unix.RawSockaddrInet4)(unsafe.Pointer(&a.raw))
		a.tcp = net.TCPAddr{IP: append(a.ip[:0], from.Addr[:]...), Port: port(&from.Port)}
		a.remote = &a.tcp
		return
	case unix.AF_INET6:
		if from := (*unix.RawSockaddrInet6)(unsafe.Pointer(&a.raw)); from.Scope_id == 0 {
			a.tcp = net.TCPAddr{IP: append(a.ip[:0], from.Addr[:]...), Port: port(&from.Port)}
			a.remote = &a.tcp
			return
		}
	}
	from, _ := unix.Getpeername(a.fd) // rare: a zone, or a name
	a.remote = address(from)
}

// done gives it back: nothing may point to it.
func (a *arrival) done() {
	if a.from == nil {
		return
	}
	from := a.from
	*a = arrival{try: a.try}
	from.Put(a)
}

// socket makes a net.Conn of it.
func (a *arrival) socket() net.Conn {
	if a.conn == nil {
		remote := a.remote
		if tcp, ok := remote.(*net.TCPAddr); ok { // which keeps nothing else in memory
			remote = &net.TCPAddr{IP: slices.Clone(tcp.IP), Port: tcp.Port, Zone: tcp.Zone}
		}
		a.conn = newSocket(a.fd, a.local, remote)
	}
	return a.conn
}
