package server

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"time"
)

// crowd counts the connections of each client that are served or wait for that, so that one cannot have all there may
// be. Its memory is bounded by those connections.
type crowd struct {
	mu   sync.Mutex
	most int               // 0: no bound
	of   map[uint64]uint32 // by keyOf; a connection of each of a million addresses costs some 25 bytes
	told time.Time         // when it was last logged that a client is refused
}

func (c *crowd) resize(most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.most = most
}

// keyOf is a client in eight bytes: the /64 of IPv6. An IPv4 address is in 0000::/32, which is nobody's, RFC 4291.
func keyOf(client netip.Addr) uint64 {
	if client.Is4() {
		four := client.As4()
		return uint64(binary.BigEndian.Uint32(four[:]))
	}
	sixteen := client.As16()
	return binary.BigEndian.Uint64(sixteen[:])
}

// exempt are clients of this host, which has its own ways to bound them: the loopback, of which clientOf makes "::" for
// IPv6, and Unix sockets, which have no address.
func exempt(client netip.Addr) bool {
	return !client.IsValid() || client.IsLoopback() || client.IsUnspecified()
}

// enter counts a connection. tell: it was not told for a while that a client has too many.
func (c *crowd) enter(client netip.Addr) (ok, tell bool) {
	if exempt(client) {
		return true, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := keyOf(client)
	if n := c.of[key]; c.most <= 0 || int(n) < c.most {
		if c.of == nil {
			c.of = map[uint64]uint32{}
		}
		c.of[key] = n + 1
		return true, false
	}
	if tell = time.Since(c.told) >= tellPause; tell {
		c.told = time.Now()
	}
	return false, tell
}

func (c *crowd) leave(client netip.Addr) {
	if exempt(client) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := keyOf(client)
	if c.of[key] <= 1 {
		delete(c.of, key)
		return
	}
	c.of[key]--
}

// admit asks the limits that are about one client. Who is admitted has to leave the crowd in the end.
func (s *Server) admit(client netip.Addr) Reason {
	if !s.clients.allow(client) {
		return ClientRate
	}
	ok, tell := s.crowd.enter(client)
	if tell {
		now := s.settings.Load()
		now.Log.Warn("a client has as many connections as one may have; more of it are refused", "client", client.String(),
			"most", now.Limits.ClientConns, "hint", "where that is a load balancer or a NAT, all behind it are one "+
				"client: have it speak the PROXY protocol and trust its network, or raise the limit")
	}
	if !ok {
		return ClientConns
	}
	return notEnded
}
