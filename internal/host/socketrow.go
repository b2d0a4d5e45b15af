package host

import (
	"encoding/binary"
	"math"
	"net/netip"
	"time"
)

// SocketRow is a row of /proc/net/tcp, tcp6, udp or udp6, see proc_net_tcp in the kernel's
// Documentation/networking/proc_net_tcp.rst and get_tcp4_sock in net/ipv4/tcp_ipv4.c.
type SocketRow struct {
	Local, Remote netip.AddrPort // of one family; an IPv4 address in an IPv6 socket stays mapped
	State         uint8          // include/net/tcp_states.h: 1 established, 6 TIME_WAIT, 7 closed (all of UDP's), 10 listens
	Timer         uint8          // which one runs: 0 none, 1 retransmission, 2 keep-alive, 3 TIME_WAIT, 4 zero window probe
	TimerLeft     time.Duration  // until it expires, in steps of 10 ms
	UID           uint32         // of the maker of the socket, as this user namespace sees it; 0 in TIME_WAIT
	Waiting       uint32         // of one that listens: connections that nobody has accepted yet
	Inode         uint64         // what a link of /proc/PID/fd shows; 0 in TIME_WAIT and for what nobody has accepted
}

// ParseSocketRow reads one line, with or without its newline. It is false for the header, and for anything that the
// kernel does not print. It allocates nothing: a busy machine has 100,000s of rows.
func ParseSocketRow(line []byte) (SocketRow, bool) {
	// "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 …":
	// number, local, remote, state, queues, timer:left, retransmits, uid, probes, inode, and more that differs.
	r := rowReader{rest: line}
	row := SocketRow{}
	number := r.next()
	if len(number) < 2 || number[len(number)-1] != ':' { // the header
		return SocketRow{}, false
	}
	r.decimal(number[:len(number)-1], math.MaxUint64)
	row.Local = r.endpoint(r.next())
	row.Remote = r.endpoint(r.next())
	row.State = uint8(r.hex(r.next(), 2, 2))
	if queues := r.next(); row.State == tcpListen { // "00000000:00000003": to send, to receive
		row.Waiting = r.second(queues)
	}
	row.Timer, row.TimerLeft = r.timer(r.next())
	r.next()
	row.UID = uint32(r.decimal(r.next(), math.MaxUint32))
	r.next()
	row.Inode = r.decimal(r.next(), math.MaxUint64)
	if r.bad || row.Local.Addr().Is4() != row.Remote.Addr().Is4() {
		return SocketRow{}, false
	}
	return row, true
}

// rowReader walks over the fields of a row and remembers that one of them was none.
type rowReader struct {
	rest []byte
	bad  bool
}

// next is the next field; past the end it is empty, which no field takes.
func (r *rowReader) next() []byte {
	start := 0
	for start < len(r.rest) && r.rest[start] == ' ' {
		start++
	}
	end := start
	for end < len(r.rest) && r.rest[end] != ' ' && r.rest[end] != '\n' {
		end++
	}
	field := r.rest[start:end]
	r.rest = r.rest[end:]
	r.bad = r.bad || len(field) == 0
	return field
}

// endpoint reads "0100007F:1F90". The address is printed as 32-bit words in the byte order of the machine.
func (r *rowReader) endpoint(text []byte) netip.AddrPort {
	switch {
	case len(text) == 8+5 && text[8] == ':':
		var addr [4]byte
		binary.NativeEndian.PutUint32(addr[:], uint32(r.hex(text[:8], 8, 8)))
		return netip.AddrPortFrom(netip.AddrFrom4(addr), uint16(r.hex(text[9:], 4, 4)))
	case len(text) == 32+5 && text[32] == ':':
		var addr [16]byte
		for i := 0; i < len(addr); i += 4 {
			binary.NativeEndian.PutUint32(addr[i:], uint32(r.hex(text[2*i:2*i+8], 8, 8)))
		}
		return netip.AddrPortFrom(netip.AddrFrom16(addr), uint16(r.hex(text[33:], 4, 4)))
	}
	r.bad = true
	return netip.AddrPort{}
}

// timer reads "03:00001770": the kind, and the time left in ticks of USER_HZ, which is 100 on all that tcptune runs on.
func (r *rowReader) timer(text []byte) (kind uint8, left time.Duration) {
	const tick = time.Second / 100
	if len(text) < 3 || text[2] != ':' {
		r.bad = true
		return 0, 0
	}
	ticks := r.hex(text[3:], 8, 16)
	if ticks > uint64(math.MaxInt64/tick) {
		r.bad = true
		return 0, 0
	}
	return uint8(r.hex(text[:2], 2, 2)), time.Duration(ticks) * tick
}

// second reads the second of two numbers, "00000000:00000003".
func (r *rowReader) second(text []byte) uint32 {
	if len(text) != 8+1+8 {
		r.bad = true
		return 0
	}
	return uint32(r.hex(text[9:], 8, 8))
}

// hex reads capital digits, as the kernel prints them.
func (r *rowReader) hex(text []byte, least, most int) uint64 {
	var n uint64
	if len(text) < least || len(text) > most {
		r.bad = true
		return 0
	}
	for _, c := range text {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			r.bad = true
		}
		n = n<<4 | uint64(c&0xf)
	}
	return n
}

func (r *rowReader) decimal(text []byte, most uint64) uint64 {
	var n uint64
	for _, c := range text {
		digit := uint64(c - '0')
		if digit > 9 || n > (most-digit)/10 {
			r.bad = true
			return 0
		}
		n = n*10 + digit
	}
	return n
}
