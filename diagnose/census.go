package diagnose

import (
	"errors"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/sockdiag"
)

// How much is remembered, whatever there is on the machine.
const (
	mostSockets      = 1 << 16 // then every second one is forgotten, by the hash of its cookie, and so on
	mostGroups       = 4096
	mostNetworks     = 256
	mostDestinations = 1 << 14
)

// census is what is remembered of the sockets from look to look: for each that has told something, where it began.
type census struct {
	filter       Filter
	looks        int
	host         host.Host
	mask         uint64 // sockets whose hash has one of these bits are not remembered
	sockets      map[uint64]*tracked
	listeners    map[uint64]*queue // by cookie
	ports        map[uint16]bool   // of listeners
	destinations map[destination]toward
	sources      map[netip.Addr]*source
	uncounted    int                       // connections to more destinations than are remembered
	outgoing     portSet                   // that connect(2) chooses from
	rooms        map[netip.AddrPort]uint32 // of the listeners of an address, at this look
	halfOpen     map[netip.AddrPort]uint32 // handshakes that are under way with them, at this look

	mostHalfOpen map[netip.AddrPort]uint32
	groups       map[groupKey]*group
	spreads      *spreads
	names        map[[16]byte]string // of congestion controls
	seen         int                 // sockets in the last look
	born, gone   int                 // connections that came between the looks, and that went
	uninformed   int                 // sockets of which the kernel told nothing
}

// groupKey is a service: a port of ours, or a port of others that we connect to, with the control group that does.
type groupKey struct {
	port   uint16
	out    bool
	cgroup uint64
}

// queue is the accept queue of a listener: its length at the looks, and the connections that it had no room for.
type queue struct {
	local       netip.AddrPort
	drops       uint32 // since the first look
	began       uint32
	waiting     uint32 // at the last look
	most, room  uint32
	looks, full int
	over        bool // more waited than may, at a look: for one more there was no room then (sk_acceptq_is_full)
	inode       uint64
	cgroup      uint64
}

func newCensus(h host.Host, f Filter) *census {
	return &census{
		host: h, filter: f, sockets: map[uint64]*tracked{}, listeners: map[uint64]*queue{}, groups: map[groupKey]*group{},
		mostHalfOpen: map[netip.AddrPort]uint32{}, names: map[[16]byte]string{}, spreads: newSpreads(),
	}
}

const (
	listenStates    = 1 << sockdiag.Listening
	connectedStates = 1<<12 - 1 - 1<<sockdiag.Listening | 1<<sockdiag.NewSynRecv
)

// look asks for all sockets once.
func (c *census) look() (err error) {
	c.begin()
	if c.filter.Pid != 0 {
		if c.filter.inodes, err = socketsOf(c.host, c.filter.Pid); err != nil {
			return err
		}
	}
	for _, pass := range []struct {
		states uint32
		take   func(*sockdiag.TCP)
	}{{listenStates, c.listener}, {connectedStates, c.connection}} {
		for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
			var s sockdiag.TCP
			err := sockdiag.Dump(sockdiag.Request(family, pass.states), func(message []byte) {
				s.Read(message)
				pass.take(&s)
			})
			// One that is told twice counts once, and one that is missing is as good as gone.
			if err != nil && !errors.Is(err, sockdiag.ErrInterrupted) {
				return err
			}
		}
	}
	return nil
}

// begin forgets what is of one look alone.
func (c *census) begin() {
	c.looks++
	c.seen, c.uninformed, c.uncounted = 0, 0, 0
	c.ports, c.destinations, c.sources = map[uint16]bool{}, map[destination]toward{}, map[netip.Addr]*source{}
	c.rooms, c.halfOpen = map[netip.AddrPort]uint32{}, map[netip.AddrPort]uint32{}
}

func (c *census) listener(s *sockdiag.TCP) {
	c.ports[s.Local.Port()] = true
	c.rooms[s.Local] += s.Room
	if !c.filter.takes(groupKey{port: s.Local.Port()}, s.Cgroup, s.Inode) {
		return
	}
	q := c.listeners[s.Cookie]
	if q == nil {
		q = &queue{local: s.Local, inode: s.Inode, cgroup: s.Cgroup}
		if c.looks == 1 {
			q.began = s.Drops
		}
		c.listeners[s.Cookie] = q
	}
	q.looks++
	if s.Waiting >= max(s.Room, 1) {
		q.full++
	}
	q.over = q.over || s.Waiting > s.Room
	q.drops, q.most, q.room, q.waiting = s.Drops-q.began, max(q.most, s.Waiting), s.Room, s.Waiting
}

// listening is the address that the listener has which takes what comes to local: that one, or any, as the kernel looks
// them up. Several that share an address (SO_REUSEPORT) count as one.
func (c *census) listening(local netip.AddrPort) netip.AddrPort {
	any4 := netip.AddrPortFrom(netip.IPv4Unspecified(), local.Port())
	any6 := netip.AddrPortFrom(netip.IPv6Unspecified(), local.Port())
	for _, at := range []netip.AddrPort{local, any4, any6} {
		if _, listens := c.rooms[at]; listens && (at != any4 || local.Addr().Is4()) {
			return at
		}
	}
	return netip.AddrPort{}
}

func (c *census) connection(s *sockdiag.TCP) {
	key := groupKey{port: s.Local.Port()}
	if !c.ports[s.Local.Port()] {
		key = groupKey{port: s.Remote.Port(), out: true, cgroup: s.Cgroup}
		c.goesOut(s.Local, s.Remote, s.State == sockdiag.TimeWait, c.filter.takes(key, s.Cgroup, s.Inode))
	}
	switch s.State {
	case sockdiag.SynReceived, sockdiag.NewSynRecv:
		at := c.listening(s.Local)
		c.halfOpen[at]++
		c.mostHalfOpen[at] = max(c.mostHalfOpen[at], c.halfOpen[at])
		return
	case sockdiag.TimeWait:
		return
	}
	if !c.filter.takes(key, s.Cgroup, s.Inode) {
		return
	}
	c.seen++
	if !s.Info {
		c.uninformed++
		return
	}
	t := c.sockets[s.Cookie]
	if t == nil {
		if hash(s.Cookie)&c.mask != 0 {
			return
		}
		t = &tracked{key: key, congestion: c.congestion(s)}
		if c.looks == 1 {
			t.first = figuresOf(s)
		} else {
			c.born++ // it began with nothing, after the first look
		}
		c.sockets[s.Cookie] = t
		if len(c.sockets) > mostSockets {
			c.thin()
		}
	}
	t.look(s, c.looks)
}

// congestion is the name of a congestion control, of which there are few.
func (c *census) congestion(s *sockdiag.TCP) string {
	name, known := c.names[s.Congestion]
	if !known {
		name = s.CongestionName()
		c.names[s.Congestion] = name
	}
	return name
}

// thin forgets every second socket, and those of its kind from now on.
func (c *census) thin() {
	c.mask = c.mask<<1 | 1
	for cookie := range c.sockets {
		if hash(cookie)&c.mask != 0 {
			delete(c.sockets, cookie)
		}
	}
}

// hash spreads the cookies, which the kernel counts up (Fibonacci hashing).
func hash(cookie uint64) uint64 { return cookie * 0x9e3779b97f4a7c15 >> 40 }

// sum adds the sockets up by service. What went away between the looks took its figures along.
func (c *census) sum(lasted time.Duration) {
	for _, t := range c.sockets {
		if int(t.number) != c.looks {
			c.gone++
			continue
		}
		g := c.groups[t.key]
		if g == nil {
			if len(c.groups) >= mostGroups {
				t.key = groupKey{out: true}
			}
			if g = c.groups[t.key]; g == nil {
				g = &group{networks: map[netip.Prefix]float64{}, spreads: c.spreads}
				c.groups[t.key] = g
			}
		}
		g.add(t, lasted)
	}
}
