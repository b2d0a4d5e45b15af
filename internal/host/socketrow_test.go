package host

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// The rows are as a little-endian machine prints them.
func littleEndian() bool { return binary.NativeEndian.Uint16([]byte{1, 0}) == 1 }

var sameAddrs = cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })

func TestParseSocketRow(t *testing.T) {
	t.Parallel()
	if !littleEndian() {
		t.Skip("the rows are those of a little-endian machine")
	}
	tests := []struct {
		name, line string
		want       SocketRow
	}{
		{
			"a listener, padded as the kernel does",
			"   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 00000000ad2f55fe 100 0 0 10 0                      \n",
			SocketRow{Local: netip.MustParseAddrPort("0.0.0.0:8080"), Remote: netip.MustParseAddrPort("0.0.0.0:0"), State: 10, UID: 1000, Inode: 4242},
		},
		{
			"TIME_WAIT, with 59.3 seconds left",
			"12345: 0100007F:C351 0200000A:01BB 06 00000000:00000000 03:0000172A 00000000     0        0 0 3 00000000ad2f55fe",
			SocketRow{Local: netip.MustParseAddrPort("127.0.0.1:50001"), Remote: netip.MustParseAddrPort("10.0.0.2:443"), State: 6, Timer: 3, TimerLeft: 59300 * time.Millisecond},
		},
		{
			"IPv6",
			"   1: 000080FE00000000FF565002BD69B1FE:C355 00000000000000000000000001000000:0050 01 00000000:00000000 02:00000E10 00000000 65534        0 4294967297 2 ffff 20 4 1 10 -1",
			SocketRow{Local: netip.MustParseAddrPort("[fe80::250:56ff:feb1:69bd]:50005"), Remote: netip.MustParseAddrPort("[::1]:80"), State: 1, Timer: 2, TimerLeft: 36 * time.Second, UID: 65534, Inode: 1<<32 + 1},
		},
		{
			"IPv4 in IPv6 stays mapped",
			"   0: 0000000000000000FFFF00000100007F:C354 0000000000000000FFFF00000100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 6\n",
			SocketRow{Local: netip.MustParseAddrPort("[::ffff:127.0.0.1]:50004"), Remote: netip.MustParseAddrPort("[::ffff:127.0.0.1]:40000"), State: 1, Inode: 6},
		},
		{
			"UDP",
			"  481: 3500007F:0035 00000000:0000 07 00000000:00000300 00:00000000 00000000   991        0 18234 2 00000000ad2f55fe 17",
			SocketRow{Local: netip.MustParseAddrPort("127.0.0.53:53"), Remote: netip.MustParseAddrPort("0.0.0.0:0"), State: 7, UID: 991, Inode: 18234},
		},
		{
			"the largest of each",
			"99: FFFFFFFF:FFFF FFFFFFFF:FFFF FF FFFFFFFF:FFFFFFFF FF:FFFFFFFF FFFFFFFF 4294967295 -1 18446744073709551615",
			SocketRow{
				Local: netip.MustParseAddrPort("255.255.255.255:65535"), Remote: netip.MustParseAddrPort("255.255.255.255:65535"), State: 255,
				Timer: 255, TimerLeft: math.MaxUint32 * 10 * time.Millisecond, UID: math.MaxUint32, Inode: math.MaxUint64,
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := ParseSocketRow([]byte(test.line))
			if diff := cmp.Diff(test.want, got, sameAddrs); !ok || diff != "" {
				t.Errorf("%v, %s", ok, diff)
			}
		})
	}
}

// TestParseSocketRowRefuses breaks a good row in one place at a time.
func TestParseSocketRowRefuses(t *testing.T) {
	t.Parallel()
	const good = "  0: 0100007F:1F90 0200000A:01BB 01 00000000:00000000 00:00000000 00000000  1000        0 4242 1"
	if _, ok := ParseSocketRow([]byte(good)); !ok {
		t.Fatal("the good row is refused")
	}
	for _, edit := range [][2]string{
		{good, ""},
		{good, "\n"},
		{good, strings.TrimSpace(tcpHeader)},
		{" 0: ", " 0 "},
		{" 0: ", " : "},
		{" 0: ", " x: "},
		{"0100007F:1F90", "0100007F"},
		{"0100007F:1F90", "0100007F:"},
		{"0100007F:1F90", "0100007F:1F9"},
		{"0100007F:1F90", "0100007F:1F900"},
		{"0100007F:1F90", "0100007F01:1F90"},
		{"0100007F:1F90", "0100007G:1F90"},
		{"0100007F:1F90", "0100007f:1F90"},
		{"0100007F:1F90", "0100007F:1F9-"},
		{"0100007F:1F90", "000080FE00000000FF565002BD69B1FE:1F90"}, // of two families
		{":01BB 01 ", ":01BB 1 "},
		{":01BB 01 ", ":01BB 001 "},
		{" 00:00000000 ", " 00:0000000 "},
		{" 00:00000000 ", " 0:00000000 "},
		{" 00:00000000 ", " 00000000000 "},
		{" 00:00000000 ", " 00:FFFFFFFFFFFFFFFF "},
		{" 00:00000000 ", " 00:00000000000000000 "},
		{" 1000 ", " -1 "},
		{" 1000 ", " 4294967296 "},
		{" 4242 1", ""},
		{" 4242 1", " \n4242"},
		{" 4242 1", " 4242x"},
		{" 4242 1", " 18446744073709551616"},
	} {
		line := strings.Replace(good, edit[0], edit[1], 1)
		if row, ok := ParseSocketRow([]byte(line)); line == good || ok || row != (SocketRow{}) {
			t.Errorf("%q is taken, %+v", line, row)
		}
	}
}

// TestParseSocketRowOfTheKernel finds sockets of this process in all four files.
func TestParseSocketRowOfTheKernel(t *testing.T) {
	t.Parallel()
	v4 := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 9}}
	v6 := &unix.SockaddrInet6{Addr: [16]byte{15: 1}}
	mapped := &unix.SockaddrInet6{Addr: netip.MustParseAddr("127.0.0.9").As16()}
	tests := []struct {
		file  string
		kind  int
		at    unix.Sockaddr
		addr  string
		state uint8
	}{
		{"tcp", unix.SOCK_STREAM, v4, "127.0.0.9", 10},
		{"tcp6", unix.SOCK_STREAM, v6, "::1", 10},
		{"tcp6", unix.SOCK_STREAM, mapped, "::ffff:127.0.0.9", 10},
		{"udp", unix.SOCK_DGRAM, v4, "127.0.0.9", 7},
		{"udp6", unix.SOCK_DGRAM, v6, "::1", 7},
	}
	for _, test := range tests {
		t.Run(test.file+" "+test.addr, func(t *testing.T) {
			family := unix.AF_INET
			if test.at != v4 {
				family = unix.AF_INET6
			}
			fd, err := unix.Socket(family, test.kind|unix.SOCK_CLOEXEC, 0)
			if err == unix.EAFNOSUPPORT {
				t.Skip("the kernel has no IPv6")
			}
			if err != nil {
				t.Fatal(err)
			}
			defer unix.Close(fd)
			if test.at == mapped {
				_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0)
			}
			if err := unix.Bind(fd, test.at); err == unix.EADDRNOTAVAIL {
				t.Skip("loopback has no IPv6 address")
			} else if err != nil {
				t.Fatal(err)
			}
			if test.kind == unix.SOCK_STREAM {
				if err := unix.Listen(fd, 1); err != nil {
					t.Fatal(err)
				}
			}
			rows := socketRows(t, test.file, func(row SocketRow) bool { return row.Inode == socketInode(t, fd) })
			if len(rows) != 1 {
				t.Fatalf("%d rows", len(rows))
			}
			want := SocketRow{
				Local:  netip.AddrPortFrom(netip.MustParseAddr(test.addr), socketPort(t, fd)),
				Remote: netip.AddrPortFrom(unspecified(family), 0),
				State:  test.state, UID: uint32(os.Geteuid()), Inode: socketInode(t, fd),
			}
			if diff := cmp.Diff(want, rows[0], sameAddrs); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func unspecified(family int) netip.Addr {
	if family == unix.AF_INET {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

// TestParseSocketRowCountsTimeWaitDown closes a connection and reads how long the kernel will remember it. A FIN that
// is sent twice on a busy machine is answered by a reset, which ends TIME_WAIT at once (RFC 1337): then another one is
// closed.
func TestParseSocketRowCountsTimeWaitDown(t *testing.T) {
	t.Parallel()
	l := listenSocket(t)
	var rows []SocketRow
	for try := 0; try < 10 && len(rows) == 0; try++ {
		port := closedFirst(t, l)
		for wait := time.Now().Add(2 * time.Second); time.Now().Before(wait); time.Sleep(5 * time.Millisecond) {
			rows = socketRows(t, "tcp", func(row SocketRow) bool {
				return row.Local.Port() == port && row.Remote.Port() == socketPort(t, l)
			})
			if len(rows) == 1 && rows[0].State == 6 {
				break
			}
		}
	}
	if len(rows) != 1 {
		t.Fatalf("%d rows", len(rows))
	}
	if row := rows[0]; row.State != 6 || row.Timer != 3 || row.Inode != 0 || row.TimerLeft < 50*time.Second || row.TimerLeft > 60*time.Second {
		t.Errorf("%+v, want timer 3 with nearly 60 s left", row) // TCP_TIMEWAIT_LEN, include/net/tcp.h
	}
}

// closedFirst connects to the listener l, and returns the port of the client, which was the first to close and so
// waits.
func closedFirst(t *testing.T, l int) (port uint16) {
	t.Helper()
	client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	at, err := unix.Getsockname(l)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Connect(client, at); err != nil {
		t.Fatal(err)
	}
	port = socketPort(t, client)
	server, _, err := unix.Accept(l)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = unix.Close(client), unix.Close(server)
	return port
}

// socketRows returns the rows of /proc/net/name that match. Every line but the header must be taken.
func socketRows(t *testing.T, name string, match func(SocketRow) bool) []SocketRow {
	t.Helper()
	data, err := os.ReadFile("/proc/thread-self/net/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var rows []SocketRow
	for i, line := range bytes.Split(bytes.TrimSpace(data), []byte("\n")) {
		row, ok := ParseSocketRow(line)
		if ok != (i > 0) {
			t.Errorf("line %d, %q: taken %v", i, line, ok)
		}
		if ok && match(row) {
			rows = append(rows, row)
		}
	}
	return rows
}

func listenSocket(t *testing.T) (fd int) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 8); err != nil {
		t.Fatal(err)
	}
	return fd
}

func socketPort(t *testing.T, fd int) uint16 {
	t.Helper()
	at, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	if v6, ok := at.(*unix.SockaddrInet6); ok {
		return uint16(v6.Port)
	}
	return uint16(at.(*unix.SockaddrInet4).Port)
}

func socketInode(t *testing.T, fd int) uint64 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		t.Fatal(err)
	}
	return st.Ino
}

func TestParseSocketRowAllocatesNothing(t *testing.T) {
	line := []byte("   1: 000080FE00000000FF565002BD69B1FE:C355 00000000000000000000000001000000:0050 01 00000000:00000000 02:00000E10 00000000 65534        0 42 2")
	if n := testing.AllocsPerRun(100, func() { ParseSocketRow(line) }); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
}

// printSocketRow is get_tcp4_sock and get_tcp6_sock of the kernel, for what we read.
func printSocketRow(row SocketRow) []byte {
	words := func(at netip.AddrPort) string {
		var text strings.Builder
		for addr := at.Addr().AsSlice(); len(addr) > 0; addr = addr[4:] {
			fmt.Fprintf(&text, "%08X", binary.NativeEndian.Uint32(addr))
		}
		return fmt.Sprintf("%s:%04X", text.String(), at.Port())
	}
	return fmt.Appendf(nil, "%4d: %s %s %02X %08X:%08X %02X:%08X %08X %5d %8d %d %d", 0, words(row.Local), words(row.Remote),
		row.State, 0, 0, row.Timer, int64(row.TimerLeft/(10*time.Millisecond)), 0, row.UID, 0, row.Inode, 1)
}

func FuzzParseSocketRow(f *testing.F) {
	for line := range strings.Lines(tcpRows + tcp6Rows) {
		f.Add([]byte(line))
	}
	f.Add([]byte("0: : : : : : : : : :"))
	f.Fuzz(func(t *testing.T, line []byte) {
		row, ok := ParseSocketRow(line)
		if !ok {
			if row != (SocketRow{}) {
				t.Errorf("refused, yet %+v", row)
			}
			return
		}
		if !row.Local.IsValid() || row.Local.Addr().BitLen() != row.Remote.Addr().BitLen() || row.TimerLeft < 0 {
			t.Errorf("%+v", row)
		}
		if again, ok := ParseSocketRow(printSocketRow(row)); !ok || again != row {
			t.Errorf("%q is read as %+v, %v", printSocketRow(row), again, ok)
		}
	})
}

func BenchmarkParseSocketRow(b *testing.B) {
	line := []byte("   1: 0100007F:C355 0200000A:01BB 01 00000000:00000000 02:00000E10 00000000 65534        0 42 2 1 ffff 20 4 30 10 -1")
	b.ReportAllocs()
	for b.Loop() {
		ParseSocketRow(line)
	}
}
