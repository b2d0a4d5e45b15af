package server

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// newLimiter is a token bucket of so many connections a second; nil where there is no limit.
func newLimiter(perSecond float64, burst int) *rate.Limiter {
	if perSecond <= 0 {
		return nil
	}
	if burst <= 0 {
		burst = max(1, int(perSecond))
	}
	return rate.NewLimiter(rate.Limit(perSecond), burst)
}

// mostClients bounds the memory for addresses: each takes about 200 bytes.
const mostClients = 1 << 16

// forgetPause: a look at all clients takes milliseconds, in which nobody is accepted.
const forgetPause = time.Second

// clients has a token bucket for each address.
type clients struct {
	mu        sync.Mutex
	perSecond float64
	burst     int
	of        map[netip.Addr]*rate.Limiter
	others    *rate.Limiter // for all addresses that there was no place for
	forgot    time.Time
}

func (c *clients) resize(perSecond float64, burst int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.perSecond == perSecond && c.burst == burst {
		return
	}
	c.perSecond, c.burst = perSecond, burst
	c.of = map[netip.Addr]*rate.Limiter{}
	c.others = newLimiter(perSecond, burst)
}

// allow takes a token of the client. One without an address needs none.
func (c *clients) allow(key netip.Addr) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.perSecond <= 0 || !key.IsValid() {
		return true
	}
	bucket := c.of[key]
	if bucket == nil {
		if len(c.of) >= mostClients && time.Since(c.forgot) >= forgetPause {
			c.forget()
		}
		if len(c.of) >= mostClients {
			return c.others.Allow()
		}
		bucket = newLimiter(c.perSecond, c.burst)
		c.of[key] = bucket
	}
	return bucket.Allow()
}

// forget drops the clients whose bucket is full again: they are like new ones.
func (c *clients) forget() {
	c.forgot = time.Now()
	for key, bucket := range c.of {
		if bucket.Tokens() >= float64(bucket.Burst()) {
			delete(c.of, key)
		}
	}
}

// clientOf is the address of a client: of IPv6 the /64, which is what one customer has.
func clientOf(a net.Addr) (netip.Addr, bool) {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}, false
	}
	ip, ok := netip.AddrFromSlice(tcp.IP)
	if !ok {
		return netip.Addr{}, false
	}
	if ip = ip.Unmap(); ip.Is6() {
		if prefix, err := ip.WithZone("").Prefix(64); err == nil {
			ip = prefix.Addr()
		}
	}
	return ip, true
}
