package host

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/sockdiag"
)

const tcpHeader = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

// The addresses are as a little-endian machine prints them: 0100007F is 127.0.0.1.
const tcpRows = tcpHeader +
	"   0: 00000000:9C40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0\n" + // listens on 40000
	"   1: 0100007F:9C40 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 0 10 -1\n" + // accepted there
	"   2: 0100007F:C350 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1\n" + // 50000, made from here
	"   3: 0100007F:C351 0100007F:9C40 06 00000000:00000000 03:00000F8A 00000000     0        0 0 3 0\n" + // 50001, TIME_WAIT
	"   4: 0100007F:C352 0200000A:01BB 01 00000000:00000000 00:00000000 00000000     0        0 4 1 0 20 4 30 10 -1\n" + // 50002 to 10.0.0.2:443
	"   5: 0100007F:0016 0200000A:C353 01 00000000:00000000 00:00000000 00000000     0        0 5 1 0 20 4 30 10 -1\n" // ssh, below the range

const tcp6Rows = tcpHeader +
	"   0: 0000000000000000FFFF00000100007F:C354 0000000000000000FFFF00000100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 6 1 0 20 4 30 10 -1\n" + // 50004, IPv4 in IPv6
	"   1: 000080FE00000000FF565002BD69B1FE:C355 000080FE00000000FF565002BD69B1FE:0050 01 00000000:00000000 00:00000000 00000000     0        0 7 1 0 20 4 30 10 -1\n"

func TestPortCount(t *testing.T) {
	t.Parallel()
	if !littleEndian() {
		t.Skip("the rows are those of a little-endian machine")
	}
	c := newPortCount(32768, 60999)
	for _, text := range []string{tcpRows, tcp6Rows} {
		if err := c.add(strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	got := c.result()
	want := PortUse{Low: 32768, High: 60999, Sockets: 5, Busiest: PortPair{
		netip.MustParseAddr("127.0.0.1"), netip.MustParseAddrPort("127.0.0.1:40000"), 3,
	}}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got.Size() != 28232 {
		t.Errorf("a range of %d ports", got.Size())
	}
}

func TestParsePortRange(t *testing.T) {
	t.Parallel()
	if low, high, err := parsePortRange("32768\t60999"); low != 32768 || high != 60999 || err != nil {
		t.Errorf("got %d, %d, %v", low, high, err)
	}
	for _, text := range []string{"", "1", "1 2 3", "a b", "1 70000", "-1 2"} {
		if _, _, err := parsePortRange(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// TestPortUseSeesAConnection holds the count against connections that it makes itself.
func TestPortUseSeesAConnection(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.7:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	const connections = 20
	for range connections {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	to := netip.MustParseAddrPort(l.Addr().String())
	for name, ask := range map[string]func(*portCount) error{
		"sock_diag": (*portCount).ask,
		"/proc":     func(c *portCount) error { return Host{}.countPorts(c, "tcp") },
	} {
		var count *portCount
		n := 0
		for tries := 0; tries < 20 && n != connections; tries++ { // what others open meanwhile may have the kernel tell of some twice
			count, n = newPortCount(1, 65535), 0
			if err := ask(count); err != nil && !errors.Is(err, sockdiag.ErrInterrupted) {
				t.Fatalf("%s: %v", name, err)
			}
			for key, sockets := range count.pairs {
				if key.port == to.Port() && netip.AddrFrom16(key.to).Unmap() == to.Addr() {
					n += sockets
				}
			}
		}
		if n != connections || !count.listening[to.Port()] {
			t.Errorf("%s: %d connections to %v, want %d, and that it listens", name, n, to, connections)
		}
	}
	use, err := Host{}.PortUse("32768 60999")
	if err != nil || use.Low >= use.High || use.Sockets < use.Busiest.Sockets {
		t.Errorf("got %+v, %v", use, err)
	}
}

func FuzzPortCount(f *testing.F) {
	f.Add([]byte(tcpRows))
	f.Add([]byte(tcp6Rows))
	f.Add([]byte(": : : \n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := newPortCount(32768, 60999)
		if err := c.add(bytes.NewReader(data)); err != nil {
			return
		}
		if use := c.result(); use.Busiest.Sockets > use.Sockets {
			t.Errorf("%+v", use)
		}
	})
}

func BenchmarkPortCount(b *testing.B) {
	var text bytes.Buffer
	text.WriteString(tcpHeader)
	for i := range 10000 {
		fmt.Fprintf(&text, "%5d: 0100007F:%04X 0200000A:01BB 01 00000000:00000000 00:00000000 00000000     0        0 4 1 ffff 20 4 30 10 -1\n", i, 32768+i)
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		c := newPortCount(32768, 60999)
		if err := c.add(bytes.NewReader(text.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}
