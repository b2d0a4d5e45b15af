package sockdiag

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// The structs have the same layout on every architecture, little-endian as they all are: what Linux 6.18 on amd64 has told is
// read alike on arm64, where qemu has no sock_diag to ask.
func TestRecordedAnswersAreRead(t *testing.T) {
	service, client := netip.MustParseAddrPort("[::1]:18080"), netip.MustParseAddrPort("[::1]:51564")
	bbr := [16]byte{'b', 'b', 'r'}
	for name, want := range map[string]TCP{
		"listening": {
			State: Listening, Local: service, Remote: netip.MustParseAddrPort("[::]:0"), Cookie: 0x6bc45, Inode: 0x58771e4, Cgroup: 1,
			Waiting: 1, Room: 4096, Congestion: bbr, Info: true, Windows: true, Unacked: 1, Sacked: 4096, Cwnd: 10, MayHold: 131072,
			SendMayHold: 16384,
		},
		"sending": {
			State: Established, Local: client, Remote: service, Cookie: 0x6bc46, Inode: 0x58771e8, Cgroup: 1, Congestion: bbr, Info: true,
			Windows: true, SendMSS: 47616, Cwnd: 14, RTT: 5661, MinRTT: 41,
			LastSent: 96, LastAck: 52, Retransmits: 1, Segments: 4, Acked: 100001, Rate: 3172144,
			Busy: 48000, SendWindow: 93184, ReceiveWindow: 65536, MayHold: 131072, SendMayHold: 3939840,
		},
		"receiving": { // 65,536 of 100,000 bytes were read
			State: Established, Local: service, Remote: client, Cookie: 0x6bc49, Inode: 0x58771e9, Cgroup: 1, Waiting: 34464, Congestion: bbr,
			Info: true, Windows: true, AppLimited: true, SendMSS: 32768, Cwnd: 10, RTT: 23, MinRTT: 23,
			LastSent: 104, LastAck: 96, Received: 100000,
			SendWindow: 65536, ReceiveWindow: 93184, Drops: 1, Held: 35368, MayHold: 131072, SendMayHold: 3939840,
		},
	} {
		text, err := os.ReadFile("testdata/" + name + ".hex")
		if err != nil {
			t.Fatal(err)
		}
		message, err := hex.DecodeString(strings.ReplaceAll(string(text), "\n", ""))
		if err != nil {
			t.Fatal(err)
		}
		var got TCP
		got.Read(message)
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
			t.Errorf("%s: wanted (-) and read (+):\n%s", name, diff)
		}
		if got.CongestionName() != "bbr" {
			t.Errorf("%s: congestion control %q", name, got.CongestionName())
		}
		for short := range len(message) - MessageSize { // of an older kernel, or cut short
			var part TCP
			part.Read(message[:MessageSize+short])
		}
	}
}

// Where each field lies is also known to package unix, which has the struct of the architecture that it was built for.
func TestFieldsLieWhereThisArchitectureHasThem(t *testing.T) {
	info := unix.TCPInfo{
		Backoff: 1, Snd_mss: 2, Unacked: 3, Sacked: 4, Rtt: 5, Snd_cwnd: 6, Total_retrans: 7, Bytes_acked: 8, Bytes_received: 9,
		Notsent_bytes: 10, Min_rtt: 11, Data_segs_out: 12, Delivery_rate: 13, Busy_time: 14, Rwnd_limited: 15, Sndbuf_limited: 16,
		Snd_wnd: 17, Rcv_wnd: 18,
	}
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(&info)), unsafe.Sizeof(info))
	var got TCP
	got.info(bytes)
	want := TCP{
		Info: true, Windows: true, Backoff: 1, SendMSS: 2, Unacked: 3, Sacked: 4, RTT: 5, Cwnd: 6, Retransmits: 7, Acked: 8, Received: 9,
		Unsent: 10, MinRTT: 11, Segments: 12, Rate: 13, Busy: 14, RwndLimited: 15, SndbufLimited: 16, SendWindow: 17, ReceiveWindow: 18,
	}
	if got != want {
		t.Errorf("read %+v, want %+v", got, want)
	}
	for size, has := range map[int][3]bool{223: {}, 224: {true}, 232: {true, true}, 236: {true, true, true}} {
		got = TCP{}
		got.info(bytes[:size])
		if told := [3]bool{got.Info, got.Windows, got.ReceiveWindow > 0}; told != has {
			t.Errorf("of %d bytes: told %v, want %v", size, told, has)
		}
	}
	memory := [unix.SK_MEMINFO_VARS]uint32{
		unix.SK_MEMINFO_RMEM_ALLOC: 1, unix.SK_MEMINFO_RCVBUF: 2, unix.SK_MEMINFO_SNDBUF: 3, unix.SK_MEMINFO_DROPS: 4,
	}
	got = TCP{}
	got.memory(unsafe.Slice((*byte)(unsafe.Pointer(&memory)), unsafe.Sizeof(memory)))
	if want := (TCP{Held: 1, MayHold: 2, SendMayHold: 3, Drops: 4}); got != want {
		t.Errorf("memory: read %+v, want %+v", got, want)
	}
}

// What a dump says of a connection is what its own socket says.
func TestAConnectionIsToldAsItsSocketHasIt(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(make([]byte, 5000)); err != nil {
		t.Fatal(err)
	}
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var own *unix.TCPInfo
	for until := time.Now().Add(10 * time.Second); own == nil || own.Bytes_acked < 5001 && time.Now().Before(until); { // and the SYN
		err := raw.Control(func(fd uintptr) { own, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
		if err != nil {
			t.Fatal(err)
		}
	}
	var s, told TCP
	err = Dump(Request(unix.AF_INET, 1<<Established), func(message []byte) {
		if s.Read(message); s.Local.String() == c.LocalAddr().String() {
			told = s
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if told.Acked != own.Bytes_acked || told.Segments != own.Data_segs_out || told.SendMSS != own.Snd_mss || told.MinRTT != own.Min_rtt ||
		told.Remote.String() != l.Addr().String() || told.Cookie == 0 || told.Inode == 0 || told.SendMayHold == 0 {
		t.Errorf("told %+v, and the socket has %+v", told, own)
	}
}

// The kernel's least round trip is more than any until one was measured.
func TestALeastRoundTripThatWasNotMeasuredIsNone(t *testing.T) {
	for in, want := range map[uint32]uint32{41: 41, math.MaxUint32: 0} {
		info := make([]byte, infoSize)
		binary.NativeEndian.PutUint32(info[148:], in)
		var s TCP
		if s.info(info); s.MinRTT != want || !s.Info {
			t.Errorf("%d: %d, want %d", in, s.MinRTT, want)
		}
	}
}
