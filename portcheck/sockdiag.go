package portcheck

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/sockdiag"
)

// Snapshot is the sockets of one namespace at one moment.
type Snapshot struct {
	Sockets  []Socket
	Fallback string // why the kernel was asked through /proc/net, "" where it was not
}

// Numbers of the kernel's include/uapi/linux/{sock_diag,inet_diag}.h; see sock_diag(7).
const (
	inetDiagBytecode  = 1  // attribute of the request
	inetDiagSKV6Only  = 11 // attribute of the answer
	inetDiagCgroupID  = 21 // since Linux 5.9
	bytecodeJump      = 1
	bytecodeSourceGE  = 2
	bytecodeSourceLE  = 3
	statesAll         = ^uint32(0)
	statesListen      = 1 << 10
	statesBound       = 1 << tcpBoundInactive
	statesUDP         = 1<<7 | 1<<1 // UDP has no listening state: bound, or connected as well
	dumpTries         = 5
	mostFiltered      = 1000 // ranges for one filter: the length of an attribute has 16 bits
	tcpBoundInactive  = 13   // since Linux 6.8: bound, and neither listening nor connected
	lastKnownTCPState = tcpBoundInactive
)

// stateOf names a state of include/net/tcp_states.h as ss(8) does.
func stateOf(n uint8) State {
	names := [...]State{
		"UNKNOWN", Estab, "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2", TimeWait, Unconn, "CLOSE-WAIT", "LAST-ACK",
		Listen, "CLOSING", "SYN-RECV", Unconn,
	}
	if n > lastKnownTCPState {
		return names[0]
	}
	return names[n]
}

// Sockets returns the sockets on the ports, in order. With anyState all of them; otherwise of TCP those that listen,
// and of UDP those that are bound. The kernel filters by state and port, so that a machine with many connections
// answers as fast as an idle one. Where netlink is refused, as in some containers, /proc/net is read instead.
func (n Namespace) Sockets(ranges []Range, anyState bool) (Snapshot, error) {
	var snap Snapshot
	for _, protocol := range []Protocol{TCP, UDP} {
		var of []Range
		for _, r := range ranges {
			if r.Protocol == protocol {
				of = append(of, r)
			}
		}
		if of == nil {
			continue
		}
		sockets, err := n.dump(protocol, of, statesOf(protocol, anyState))
		if refusedNetlink(err) {
			snap.Fallback = fmt.Sprintf(
				"netlink is refused here (%v): /proc/net was read instead, which does not tell the control group",
				err,
			)
			sockets, err = n.procNet(protocol, of, anyState)
		}
		if err != nil {
			return snap, fmt.Errorf("cannot list the %s sockets: %w", protocol, err)
		}
		snap.Sockets = append(snap.Sockets, sockets...)
	}
	slices.SortFunc(snap.Sockets, compareSockets)
	return snap, nil
}

func statesOf(protocol Protocol, every bool) uint32 {
	switch {
	case every:
		return statesAll
	case protocol == UDP:
		return statesUDP
	}
	return statesListen
}

// compareSockets is the order in which sockets are listed.
func compareSockets(a, b Socket) int {
	return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Port(), b.Port()), a.Local.Compare(b.Local),
		cmp.Compare(a.State, b.State), a.Remote.Compare(b.Remote), cmp.Compare(a.Inode, b.Inode))
}

// refusedNetlink reports whether err means that sock_diag is not to be had here: not compiled in, no module, or a
// filter of system calls.
func refusedNetlink(err error) bool {
	for _, no := range []error{
		unix.EPERM, unix.EACCES, unix.EAFNOSUPPORT, unix.EPROTONOSUPPORT, unix.ENOENT, unix.ENOSYS, unix.EOPNOTSUPP, unix.EINVAL,
	} {
		if errors.Is(err, no) {
			return true
		}
	}
	return false
}

// question is a dump: its type, and the request.
type question struct {
	kind    uint16
	request []byte
}

// dump lists the sockets in these states.
func (n Namespace) dump(protocol Protocol, ranges []Range, states uint32) (all []Socket, err error) {
	questions := []question{tcpRequest(ranges, states)}
	if protocol == UDP {
		questions = []question{udpRequest(unix.AF_INET, ranges, states), udpRequest(unix.AF_INET6, ranges, states)}
	}
	err = n.Do(func() error {
		for _, q := range questions {
			sockets, err := q.ask(protocol, ranges)
			if err != nil {
				return err
			}
			all = append(all, sockets...)
		}
		return nil
	})
	return all, err
}

// ask asks again when the kernel says that its table changed under the dump.
func (q question) ask(protocol Protocol, ranges []Range) (sockets []Socket, err error) {
	for try := 1; ; try++ {
		sockets = nil
		err := sockdiag.DumpAs(q.kind, q.request, func(message []byte) {
			// The kernel compares no port of sockets that are bound without listening, as long as it runs no filter.
			if s := parseDiag(message, protocol); inRanges(ranges, protocol, s.Port()) {
				sockets = append(sockets, s)
			}
		})
		switch {
		case errors.Is(err, sockdiag.ErrInterrupted) && try < dumpTries:
		case err != nil && !errors.Is(err, sockdiag.ErrInterrupted):
			return nil, err
		default:
			return sockets, nil
		}
	}
}

// tcpRequest is a struct inet_diag_req, the older form: it asks for both families at once, and the kernel goes through its tables
// only once. With tens of thousands of sockets that takes 12 ms for all states.
func tcpRequest(ranges []Range, states uint32) question {
	b := make([]byte, sockdiag.AllRequestSize)
	binary.NativeEndian.PutUint32(b[sockdiag.AllRequestStates:], states)
	return question{sockdiag.TCPOfAll, onlyPorts(b, b[4:], ranges)}
}

// udpRequest is a struct inet_diag_req_v2.
func udpRequest(family uint8, ranges []Range, states uint32) question {
	b := make([]byte, sockdiag.RequestSize)
	b[0], b[1] = family, unix.IPPROTO_UDP
	binary.NativeEndian.PutUint32(b[4:], states)
	return question{sockdiag.ByFamily, onlyPorts(b, b[8:], ranges)}
}

// onlyPorts makes the kernel filter: one port it compares directly with that of id, a struct inet_diag_sockid in the request; for
// several it runs a program.
func onlyPorts(request, id []byte, ranges []Range) []byte {
	whole := len(ranges) == 1 && ranges[0].Low == 1 && ranges[0].High == 65535 || len(ranges) > mostFiltered
	switch {
	case whole:
		return request
	case len(ranges) == 1 && ranges[0].Size() == 1:
		binary.BigEndian.PutUint16(id, ranges[0].Low)
		return request
	}
	code := bytecode(ranges)
	request = binary.NativeEndian.AppendUint16(request, uint16(4+len(code)))
	request = binary.NativeEndian.AppendUint16(request, inetDiagBytecode)
	return append(request, code...)
}

// bytecode is a program for inet_diag_bc_run of net/ipv4/inet_diag.c that takes the ports of ranges. Each range is
//
//	>= low   else to the next range    8 bytes: an operation, and an operand in the shape of one
//	<= high  else to the next range    8 bytes
//	jump to the end                    4 bytes, but not in the last
//
// A program accepts when it comes to its very end; a jump 4 bytes beyond that is a refusal, which is where the two
// "else" of the last range lead.
func bytecode(ranges []Range) []byte {
	const compare, jump = 8, 4
	const step = 2*compare + jump
	op := func(b []byte, code, yes uint8, no uint16) []byte {
		return binary.NativeEndian.AppendUint16(append(b, code, yes), no)
	}
	size := len(ranges)*step - jump
	var b []byte
	for i, r := range ranges {
		b = op(b, bytecodeSourceGE, compare, step)
		b = op(b, 0, 0, r.Low)
		b = op(b, bytecodeSourceLE, compare, compare+jump)
		b = op(b, 0, 0, r.High)
		if i < len(ranges)-1 {
			b = op(b, bytecodeJump, jump, uint16(size-len(b)))
		}
	}
	return b
}

// parseDiag reads a struct inet_diag_msg and its attributes.
func parseDiag(b []byte, protocol Protocol) Socket {
	s := Socket{Protocol: protocol, State: stateOf(b[1])}
	address := func(at int) netip.Addr {
		if b[0] == unix.AF_INET {
			return netip.AddrFrom4([4]byte(b[at:]))
		}
		return netip.AddrFrom16([16]byte(b[at:]))
	}
	s.Local = netip.AddrPortFrom(address(8), binary.BigEndian.Uint16(b[4:]))
	s.Remote = netip.AddrPortFrom(address(24), binary.BigEndian.Uint16(b[6:]))
	s.Device = binary.NativeEndian.Uint32(b[40:])
	s.Cookie = uint64(binary.NativeEndian.Uint32(b[44:])) | uint64(binary.NativeEndian.Uint32(b[48:]))<<32
	if s.State == TimeWait {
		s.Left = time.Duration(binary.NativeEndian.Uint32(b[52:])) * time.Millisecond
	}
	s.UID = binary.NativeEndian.Uint32(b[64:])
	s.Inode = uint64(binary.NativeEndian.Uint32(b[68:]))
	sockdiag.Attributes(b, func(kind uint16, value []byte) {
		switch {
		case kind == inetDiagSKV6Only && len(value) >= 1:
			s.DualStack = value[0] == 0 && s.Local.Addr().IsUnspecified()
		case kind == inetDiagCgroupID && len(value) >= 8:
			s.Cgroup = binary.NativeEndian.Uint64(value)
		}
	})
	return s
}
