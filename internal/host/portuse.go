package host

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/sockdiag"
)

// PortUse says how far the ephemeral ports are used up. A port is free again for each other destination: what runs out
// is the range for one pair of source address and destination, so the busiest pair is what counts.
type PortUse struct {
	Low, High int // net.ipv4.ip_local_port_range, both ends included
	Sockets   int // connections whose local port is in the range and that were made from here
	Busiest   PortPair
}

// PortPair is a source address and a destination, with the number of ephemeral ports that are taken between them.
type PortPair struct {
	From    netip.Addr
	To      netip.AddrPort
	Sockets int
}

// Size is the number of ports in the range.
func (u PortUse) Size() int { return max(u.High-u.Low+1, 0) }

// maxPairs bounds the memory of the count. A machine that talks from ephemeral ports to more destinations than this is
// nowhere near the end of the range for the most of them, and those that come first are still counted.
const maxPairs = 1 << 17

// PortUse counts the connections that sock_diag(7) tells of and, where that is refused, those in /proc/net/tcp and tcp6, which
// takes the kernel several times as long: for each it writes a line, and at each read it begins with its table anew. text is the
// value of net.ipv4.ip_local_port_range. It is [ErrNoKernel] on an image.
func (h Host) PortUse(text string) (PortUse, error) {
	if !h.Live() {
		return PortUse{}, ErrNoKernel
	}
	low, high, err := parsePortRange(text)
	if err != nil {
		return PortUse{}, err
	}
	count := newPortCount(low, high)
	err = count.ask()
	if err == nil || errors.Is(err, sockdiag.ErrInterrupted) { // one that is told twice counts once too often, as in /proc
		return count.result(), nil
	}
	count = newPortCount(low, high)
	for _, name := range []string{"tcp", "tcp6"} {
		if err := h.countPorts(count, name); err != nil {
			return PortUse{}, err
		}
	}
	return count.result(), nil
}

// ask counts all sockets, those that listen first.
func (c *portCount) ask() error {
	request := make([]byte, sockdiag.AllRequestSize)
	binary.NativeEndian.PutUint32(request[sockdiag.AllRequestStates:], ^uint32(0))
	var s sockdiag.TCP
	return sockdiag.DumpAs(sockdiag.TCPOfAll, request, func(message []byte) {
		s.Read(message)
		c.count(SocketRow{Local: s.Local, Remote: s.Remote, State: s.State})
	})
}

func (h Host) countPorts(count *portCount, name string) error {
	f, err := h.OpenRegular("/proc/thread-self/net/" + name)
	if errors.Is(err, fs.ErrNotExist) { // tcp6 of a kernel booted with ipv6.disable=1
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read /proc/net/%s: %w", name, Cause(err))
	}
	defer f.Close()
	if err := count.add(f); err != nil {
		return fmt.Errorf("cannot read /proc/net/%s: %w", name, err)
	}
	return nil
}

func parsePortRange(text string) (low, high int, err error) {
	fields := strings.Fields(text)
	if len(fields) == 2 {
		a, errA := strconv.ParseUint(fields[0], 10, 16)
		b, errB := strconv.ParseUint(fields[1], 10, 16)
		if errA == nil && errB == nil {
			return int(a), int(b), nil
		}
	}
	return 0, 0, fmt.Errorf("cannot read net.ipv4.ip_local_port_range: %q is no range", text)
}

// pairKey is a source address, a destination address and its port. IPv4 ones are in their IPv6 form: a socket of either
// family takes a port from the same range.
type pairKey struct {
	from, to [16]byte
	port     uint16
}

type portCount struct {
	low, high uint16
	listening map[uint16]bool
	pairs     map[pairKey]int
	sockets   int
}

func newPortCount(low, high int) *portCount {
	return &portCount{uint16(low), uint16(high), map[uint16]bool{}, map[pairKey]int{}, 0}
}

// add reads the text of /proc/net/tcp or tcp6, see proc_net_tcp in the kernel's
// Documentation/networking/proc_net_tcp.rst. Listeners come first there. Connections to their ports were accepted, and
// take nothing from the range.
func (c *portCount) add(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), 64<<10)
	for lines.Scan() {
		if row, ok := ParseSocketRow(lines.Bytes()); ok {
			c.count(row)
		}
	}
	return lines.Err()
}

func (c *portCount) count(row SocketRow) {
	port := row.Local.Port()
	switch {
	case row.State == tcpListen:
		c.listening[port] = true
	case port < c.low || port > c.high || c.listening[port] || row.Remote.Port() == 0:
	default:
		c.sockets++
		key := pairKey{row.Local.Addr().As16(), row.Remote.Addr().As16(), row.Remote.Port()}
		if _, known := c.pairs[key]; known || len(c.pairs) < maxPairs {
			c.pairs[key]++
		}
	}
}

func (c *portCount) result() PortUse {
	use := PortUse{Low: int(c.low), High: int(c.high), Sockets: c.sockets}
	for key, n := range c.pairs {
		pair := PortPair{
			netip.AddrFrom16(key.from).Unmap(),
			netip.AddrPortFrom(netip.AddrFrom16(key.to).Unmap(), key.port),
			n,
		}
		// The order of a map is random; the answer is not to be.
		if n > use.Busiest.Sockets || n == use.Busiest.Sockets && pair.To.Compare(use.Busiest.To) < 0 {
			use.Busiest = pair
		}
	}
	return use
}
