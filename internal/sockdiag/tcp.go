package sockdiag

import (
	"encoding/binary"
	"math"
	"net/netip"

	"golang.org/x/sys/unix"
)

// States of include/net/tcp_states.h.
const (
	Established = 1
	SynReceived = 3
	TimeWait    = 6
	Listening   = 10
	NewSynRecv  = 12 // half of a handshake, told as SynReceived
)

// Attributes of a request and of an answer.
const (
	attrInfo    = 2
	attrCong    = 4
	attrMemInfo = 7
	attrCgroup  = 21 // since Linux 5.9
)

// TCP is one TCP socket. What the kernel does not tell is 0; Has says which of what came later it tells.
type TCP struct {
	State         uint8
	Local, Remote netip.AddrPort
	Cookie        uint64 // names the socket as long as the machine runs
	Inode, Cgroup uint64
	Waiting, Room uint32 // unread and unacknowledged bytes; of one that listens its accept queue, and how long that may be
	Congestion    [16]byte
	Info          bool // the kernel told what follows
	Windows       bool // and SendWindow (Linux 5.4); since 6.2 ReceiveWindow is more than 0

	AppLimited                bool // the last rate was as low as it was because there was nothing to send
	Backoff                   uint8
	SendMSS                   uint32
	Unacked, Sacked, Cwnd     uint32 // segments
	RTT, MinRTT               uint32 // microseconds; MinRTT is 0 as long as none was measured
	LastSent, LastAck         uint32 // milliseconds since data was sent, also again, and since something acknowledged any
	Unsent                    uint32 // bytes
	Retransmits, Segments     uint32 // segments, of data
	Acked, Received, Rate     uint64 // bytes, and bytes in a second
	Busy, RwndLimited         uint64 // microseconds
	SndbufLimited             uint64
	SendWindow, ReceiveWindow uint32
	Drops                     uint32
	Held, MayHold             uint32 // memory for what was received: in use, and at most
	SendMayHold               uint32
}

// Request is a struct inet_diag_req_v2 for the sockets of a family in some states, with all that a [TCP] has.
func Request(family uint8, states uint32) []byte {
	b := make([]byte, RequestSize)
	b[0], b[1] = family, unix.IPPROTO_TCP
	b[2] = 1<<(attrInfo-1) | 1<<(attrCong-1) | 1<<(attrMemInfo-1)
	binary.NativeEndian.PutUint32(b[4:], states)
	return b
}

// Read fills s from a message of a dump of TCP sockets.
func (s *TCP) Read(message []byte) {
	*s = TCP{State: message[1]}
	at := func(i int) netip.Addr {
		if message[0] == unix.AF_INET {
			return netip.AddrFrom4([4]byte(message[i:]))
		}
		return netip.AddrFrom16([16]byte(message[i:])).Unmap()
	}
	word := func(i int) uint32 { return binary.NativeEndian.Uint32(message[i:]) }
	s.Local = netip.AddrPortFrom(at(8), binary.BigEndian.Uint16(message[4:]))
	s.Remote = netip.AddrPortFrom(at(24), binary.BigEndian.Uint16(message[6:]))
	s.Cookie = uint64(word(44)) | uint64(word(48))<<32
	s.Waiting, s.Room, s.Inode = word(56), word(60), uint64(word(68))
	Attributes(message, func(kind uint16, value []byte) {
		switch kind {
		case attrInfo:
			s.info(value)
		case attrCong:
			copy(s.Congestion[:], value)
		case attrMemInfo:
			s.memory(value)
		case attrCgroup:
			if len(value) >= 8 {
				s.Cgroup = binary.NativeEndian.Uint64(value)
			}
		}
	})
}

// infoSize is a struct tcp_info as Linux 5.0 has it, up to tcpi_reord_seen; all that we support know more.
const infoSize = 224

// info reads a struct tcp_info (include/uapi/linux/tcp.h). It grows at its end, and is the same on every architecture.
func (s *TCP) info(b []byte) {
	if len(b) < infoSize {
		return
	}
	word := func(i int) uint32 { return binary.NativeEndian.Uint32(b[i:]) }
	long := func(i int) uint64 { return binary.NativeEndian.Uint64(b[i:]) }
	s.Info, s.Backoff = true, b[4]
	// One byte of bit fields: the first is the lowest on a little-endian machine.
	s.AppLimited = b[7]&1 != 0
	s.SendMSS, s.Unacked, s.Sacked = word(16), word(24), word(28)
	s.LastSent, s.LastAck = word(44), word(56)
	s.RTT, s.Cwnd, s.Retransmits = word(68), word(80), word(100)
	s.Acked, s.Received = long(120), long(128)
	s.Unsent, s.MinRTT, s.Segments = word(144), word(148), word(156)
	if s.MinRTT == math.MaxUint32 { // tcp_min_rtt() before the first sample
		s.MinRTT = 0
	}
	s.Rate, s.Busy, s.RwndLimited, s.SndbufLimited = long(160), long(168), long(176), long(184)
	if len(b) >= 232 {
		s.Windows, s.SendWindow = true, word(228)
	}
	if len(b) >= 236 {
		s.ReceiveWindow = word(232)
	}
}

// memory reads the SK_MEMINFO_* of include/uapi/linux/sock_diag.h.
func (s *TCP) memory(b []byte) {
	if len(b) < 36 {
		return
	}
	word := func(i int) uint32 { return binary.NativeEndian.Uint32(b[4*i:]) }
	s.Held, s.MayHold, s.SendMayHold, s.Drops = word(0), word(1), word(3), word(8)
}

// CongestionName is "cubic", "bbr", ….
func (s *TCP) CongestionName() string { return unix.ByteSliceToString(s.Congestion[:]) }
