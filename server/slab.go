package server

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// slot is a connection that a loop drives: all that is kept of one that waits, in 96 bytes. It has no pointers, so that the
// garbage collector does not look at a million of them. Only its loop touches it, but for owner.
type slot struct {
	state
	gen   uint32        // how many connections had this slot before
	owner atomic.Uint32 // the number of its loop; 0: free
}

// state is the part of a slot that begins anew with each connection.
type state struct {
	remote                      [16]byte // the client's address, of IPv4 as IPv6; that which a proxy names
	opened, since               int64    // when it was, and when it came into its phase, nanoseconds after the server's start
	until                       int64    // while the server drains: how long it may say nothing, on the same clock; 0: not asked yet
	bytesIn, bytesOut, messages uint64
	due                         uint32 // the tick for which it is in the wheel
	next, prev                  int32  // in the wheel, see there
	side                        int32  // its place among the sides of its loop; 0: it has none
	port, handler               uint16 // of the client; which of the handlers of its loop
	phase                       uint8
	flags                       uint8
	batches                     uint8
	why                         uint8 // the Reason of its end, once it lingers
}

// The flags of a slot.
const (
	fromTCP   = 1 << iota // it has an address
	fromProxy             // a header of the PROXY protocol comes, or came, first
	counted               // its client has it in the crowd
	lastSent              // see conn.last
	lingers               // it has ended, and its client may not have heard
	unwatched             // its epoll set waits for no bytes
)

// client is the address that limits are about.
func (s *slot) client() netip.Addr {
	if s.flags&counted == 0 {
		return netip.Addr{}
	}
	client, _ := clientOf(s.RemoteAddr())
	return client
}

func (s *slot) RemoteAddr() net.Addr {
	if s.flags&fromTCP == 0 {
		return &net.UnixAddr{Net: "unix"}
	}
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom16(s.remote).Unmap(), s.port))
}

// introduce says whose connection it is.
func (s *slot) introduce(remote net.Addr) {
	tcp, ok := remote.(*net.TCPAddr)
	if !ok {
		return
	}
	copy(s.remote[:], tcp.IP.To16())
	s.port = uint16(tcp.Port)
	s.flags |= fromTCP
}

func (s *slot) is(flag uint8) bool { return s.flags&flag != 0 }

// slab has the slots of all loops, by descriptor: the kernel gives the lowest that is free, so they lie close together.
// It grows, and is never copied.
type slab struct {
	mu     sync.Mutex
	chunks atomic.Pointer[[]*chunk]
}

const chunkSlots = 512

type chunk [chunkSlots]slot

// at is the slot of a descriptor, which needs to have had a connection.
func (s *slab) at(fd int32) *slot { return &(*s.chunks.Load())[fd/chunkSlots][fd%chunkSlots] }

// open makes sure that there is a slot for a descriptor.
func (s *slab) open(fd int32) *slot {
	s.mu.Lock()
	defer s.mu.Unlock()
	var chunks []*chunk
	if have := s.chunks.Load(); have != nil {
		chunks = *have
	}
	if i := int(fd / chunkSlots); i >= len(chunks) || chunks[i] == nil {
		more := make([]*chunk, max(i+1, len(chunks)))
		copy(more, chunks)
		more[i] = new(chunk)
		s.chunks.Store(&more)
	}
	return s.at(fd)
}

// each walks over the slots of a loop, which is the one to call it.
func (s *slab) each(owner uint32, do func(fd int32, s *slot)) {
	have := s.chunks.Load()
	if have == nil {
		return
	}
	for i, c := range *have {
		for j := 0; c != nil && j < len(c); j++ {
			if c[j].owner.Load() == owner {
				do(int32(i*chunkSlots+j), &c[j])
			}
		}
	}
}
