package portcheck

import (
	"context"
	"net/netip"
	"slices"

	"github.com/tcptune/tcptune/internal/host"
)

// Query is what is asked for.
type Query struct {
	Ranges []Range
	// At are the addresses that count, nil for all. A socket that is bound to all addresses counts for each of its
	// family, and 0.0.0.0 and [::] count for each address of theirs.
	At       []netip.Addr
	AnyState bool // also sockets that are in the way without listening, and connections
	Bound    bool // TCP sockets that are bound and neither listen nor are connected hold a port as well
	// Thorough looks into every process. Otherwise, where the control group in which a socket was made has processes that
	// hold it, the others are not looked at: that takes a tenth of the time, and misses a process that was handed the
	// socket into another group.
	Thorough bool
	// Around looks as well for what holds other ports, and who has that open: what is ended may close it too, see
	// [View.Plan]. It wants Thorough.
	Around bool
}

// Survey is who holds the ports of a query.
type Survey struct {
	Query
	// Holders are the sockets that hold a port: those that listen, UDP sockets that are bound, and with AnyState all.
	Holders []Holder
	// Rest is what else is found on TCP ports that nobody holds, if those are no more than 1024: TIME-WAIT, connections,
	// sockets that do not listen.
	Rest []Holder
	// Hidden are the processes whose descriptors may not be read, see [Owners]; Veil is why, and Unveil what would help
	// beside being root.
	Hidden       []int
	Veil, Unveil string
	// Notes says how the kernel had to be asked.
	Notes []string

	// Of a look around: what holds other ports, and who has any of it open.
	others []Holder
	open   []Descriptor
	conns  []Holder // what Rest adds up
}

// Holder is a socket, and the processes that have it open.
type Holder struct {
	Socket
	Namespace string // the name of its network namespace, "" for our own
	Count     int    // sockets that this stands for: those of Rest that are alike are added up
	Origin    Cgroup // where the socket was made
	ByCgroup  bool   // only the processes of that control group were looked at
	Partly    bool   // some processes could not be looked into
	Owners    []Owner
	// Candidates are processes one of which may keep a socket without owners: descriptors wait on their Unix sockets.
	Candidates []Owner
	Reason     string // why there are no owners, or not all
	Veiled     bool   // one of those has it open, or may well have
}

// Owner is a process, and its descriptors that lead to the socket.
type Owner struct {
	Process
	Descriptors []Descriptor
}

// View is the sockets of one network namespace or of several.
type View struct {
	host       host.Host
	namespaces []Namespace
}

// Open returns the view of the network namespaces that netns names, see [FindNamespaces]. It is to be closed.
func Open(h host.Host, netns string) (*View, error) {
	if !h.Live() {
		return nil, host.ErrNoKernel
	}
	namespaces, err := FindNamespaces(h, netns)
	if err != nil {
		return nil, err
	}
	return &View{h, namespaces}, nil
}

// Close gives the namespaces back.
func (v *View) Close() {
	for i := range v.namespaces {
		_ = v.namespaces[i].Close()
	}
}

// Observe looks at who holds the ports. It changes nothing and needs no root; what that hides is in Reason and Hidden.
func (v *View) Observe(ctx context.Context, q Query) (Survey, error) {
	s := Survey{Query: q}
	for _, n := range v.namespaces {
		if err := s.look(n); err != nil {
			return s, err
		}
		if err := s.lookAround(n); err != nil {
			return s, err
		}
	}
	if err := s.findOwners(ctx); err != nil {
		return s, err
	}
	s.conns = slices.Clone(s.Rest)
	s.Rest = addUp(s.Rest)
	s.explain()
	v.tell(s)
	return s, nil
}

// Held lists the sockets that hold the ports, without their owners. It is for waiting: it takes a tenth of a
// millisecond.
func (v *View) Held(q Query) (held []Socket, err error) {
	for _, n := range v.namespaces {
		snap, err := q.ask(n)
		if err != nil {
			return nil, err
		}
		held = append(held, snap.Sockets...)
	}
	return held, nil
}

// ask asks the kernel for the sockets of a namespace that hold the ports.
func (q Query) ask(n Namespace) (Snapshot, error) {
	snap, err := n.Sockets(q.Ranges, q.AnyState || q.Bound)
	snap.Sockets = q.counting(n, snap.Sockets)
	if q.Bound && !q.AnyState {
		snap.Sockets = slices.DeleteFunc(snap.Sockets, func(s Socket) bool { return s.Protocol == TCP && s.State != Listen && s.State != Unconn })
	}
	return snap, err
}

// counting leaves out the sockets of other addresses.
func (q Query) counting(n Namespace, sockets []Socket) []Socket {
	if q.At == nil {
		return sockets
	}
	return slices.DeleteFunc(sockets, func(s Socket) bool {
		return !slices.ContainsFunc(q.At, func(at netip.Addr) bool { return s.answersAt(at, n) })
	})
}

// answersAt reports whether the socket is bound to the address, or to one that stands for it. 0.0.0.0 stands for IPv4
// alone, also where it is written as one of IPv6; the same address of a link may be another host's on another one.
func (s Socket) answersAt(at netip.Addr, n Namespace) bool {
	local, plain := s.Local.Addr().Unmap(), at.WithZone("")
	switch {
	case local == plain:
		return at.Zone() == "" || s.Device == 0 || s.Device == n.device(at.Zone())
	case local.IsUnspecified() || plain.IsUnspecified():
		return local.Is4() == plain.Is4() || s.DualStack
	}
	return false
}

// look asks the kernel for the sockets of one namespace.
func (s *Survey) look(n Namespace) error {
	snap, err := s.ask(n)
	if err != nil {
		return err
	}
	if snap.Fallback != "" {
		s.Notes = append(s.Notes, snap.Fallback)
	}
	for _, socket := range snap.Sockets {
		s.Holders = append(s.Holders, Holder{Socket: socket, Namespace: n.Name, Count: 1})
	}
	if s.AnyState {
		return nil
	}
	if s.Bound {
		s.lookUnlisted(n, s.Ranges)
	}
	// The established connections of a busy machine are many: they are only looked at for ports that nobody holds.
	open := unheld(s.Ranges, snap.Sockets)
	if size := sizeOf(open); size == 0 || size > restPorts {
		return nil
	}
	if snap, err = n.Sockets(open, true); err != nil {
		return err
	}
	if !s.Bound {
		s.lookUnlisted(n, open)
	}
	for _, socket := range s.counting(n, snap.Sockets) {
		if socket.State != Listen {
			s.Rest = append(s.Rest, Holder{Socket: socket, Namespace: n.Name, Count: 1})
		}
	}
	return nil
}

// lookAround asks the kernel for what holds other ports: the look into every process finds who has it open as well.
func (s *Survey) lookAround(n Namespace) error {
	if !s.Around {
		return nil
	}
	snap, err := n.Sockets(everyPort(), false)
	if err != nil {
		return err
	}
	if !s.Bound && len(s.Holders) > 0 {
		snap.Sockets = append(snap.Sockets, s.counting(n, n.boundOnly(s.Ranges))...)
	}
	for _, socket := range snap.Sockets {
		if h := (Holder{Socket: socket, Namespace: n.Name, Count: 1}); !s.knows(socket) {
			s.others = append(s.others, h)
		}
	}
	return nil
}

// restPorts is for how many ports that nobody holds it is looked at what else may be in the way. Of more of them, that
// would be a list of all connections of the machine.
const restPorts = 1024

// addUp makes one of the sockets of a port that are alike: a server that was stopped leaves thousands in TIME-WAIT.
func addUp(rest []Holder) (sums []Holder) {
	for _, h := range rest {
		i := slices.IndexFunc(sums, func(s Holder) bool {
			return s.Protocol == h.Protocol && s.Port() == h.Port() && s.State == h.State && s.Namespace == h.Namespace &&
				s.hasOwners() == h.hasOwners()
		})
		if i < 0 {
			sums = append(sums, h)
			continue
		}
		s := &sums[i]
		s.Count += h.Count
		s.Left = max(s.Left, h.Left)
		for _, o := range h.Owners {
			if !slices.ContainsFunc(s.Owners, func(p Owner) bool { return p.Pid == o.Pid }) {
				s.Owners = append(s.Owners, o)
			}
		}
	}
	return sums
}

func (h Holder) hasOwners() bool { return len(h.Owners) > 0 }
