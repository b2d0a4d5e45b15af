package host

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
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

// PortUse counts the connections in /proc/net/tcp and /proc/net/tcp6. The kernel needs about a microsecond for each
// connection of the machine, so this is for a command that somebody waits for. It is [ErrNoKernel] on an image.
func (h Host) PortUse() (PortUse, error) {
	text, err := h.ReadKnob("net.ipv4.ip_local_port_range")
	if err != nil {
		return PortUse{}, err
	}
	low, high, err := parsePortRange(text)
	if err != nil {
		return PortUse{}, err
	}
	count := newPortCount(low, high)
	for _, name := range []string{"tcp", "tcp6"} {
		if err := h.countPorts(count, name); err != nil {
			return PortUse{}, err
		}
	}
	return count.result(), nil
}

func (h Host) countPorts(count *portCount, name string) error {
	f, err := h.open("/proc/thread-self/net/"+name, unix.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) { // tcp6 of a kernel booted with ipv6.disable=1
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read /proc/net/%s: %w", name, reason(err))
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

// pairKey is a source address, a destination address and its port, in the bytes of /proc/net/tcp6.
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

// add reads the text of /proc/net/tcp or tcp6, see proc_net_tcp in the kernel's Documentation/networking/proc_net_tcp.rst.
// Listeners come first there. Connections to their ports were accepted, and take nothing from the range.
func (c *portCount) add(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), 64<<10)
	for lines.Scan() {
		if key, port, listens, ok := parseSocketRow(lines.Bytes()); ok {
			c.count(key, port, listens)
		}
	}
	return lines.Err()
}

func (c *portCount) count(key pairKey, port uint16, listens bool) {
	switch {
	case listens:
		c.listening[port] = true
	case port < c.low || port > c.high || c.listening[port] || key.port == 0:
	default:
		c.sockets++
		if _, known := c.pairs[key]; known || len(c.pairs) < maxPairs {
			c.pairs[key]++
		}
	}
}

func (c *portCount) result() PortUse {
	use := PortUse{Low: int(c.low), High: int(c.high), Sockets: c.sockets}
	for key, n := range c.pairs {
		pair := PortPair{netip.AddrFrom16(key.from).Unmap(), netip.AddrPortFrom(netip.AddrFrom16(key.to).Unmap(), key.port), n}
		// The order of a map is random; the answer is not to be.
		if n > use.Busiest.Sockets || n == use.Busiest.Sockets && pair.To.Compare(use.Busiest.To) < 0 {
			use.Busiest = pair
		}
	}
	return use
}

// parseSocketRow reads "  0: 0100007F:1F90 00000000:0000 0A …": row, local, remote, state, all in hexadecimal.
func parseSocketRow(line []byte) (key pairKey, port uint16, listens, ok bool) {
	var fields [4][]byte
	rest := line
	for i := range fields {
		rest = bytes.TrimLeft(rest, " ")
		end := bytes.IndexByte(rest, ' ')
		if end < 0 {
			return key, 0, false, false
		}
		fields[i], rest = rest[:end], rest[end:]
	}
	from, port, okFrom := parseEndpoint(fields[1])
	to, remote, okTo := parseEndpoint(fields[2])
	const tcpListen = "0A" // include/net/tcp_states.h
	return pairKey{from, to, remote}, port, string(fields[3]) == tcpListen, okFrom && okTo
}

// parseEndpoint reads "0100007F:1F90". The address is printed as 32-bit words in the byte order of the machine, an IPv4
// one is returned in its IPv6 form.
func parseEndpoint(text []byte) (addr [16]byte, port uint16, ok bool) {
	colon := bytes.IndexByte(text, ':')
	if (colon != 8 && colon != 32) || len(text) != colon+5 {
		return addr, 0, false
	}
	var raw [16]byte
	n, err := hex.Decode(raw[:], text[:colon])
	if err != nil {
		return addr, 0, false
	}
	start := len(addr) - n
	if n == 4 {
		addr[10], addr[11] = 0xff, 0xff
	}
	for i := 0; i < n; i += 4 {
		binary.NativeEndian.PutUint32(addr[start+i:], binary.BigEndian.Uint32(raw[i:]))
	}
	var p [2]byte
	if _, err := hex.Decode(p[:], text[colon+1:]); err != nil {
		return addr, 0, false
	}
	return addr, binary.BigEndian.Uint16(p[:]), true
}
