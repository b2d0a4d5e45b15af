package diagnose

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/sockdiag"
)

// connections are looked at four times in a second; then is the second to the fourth look.
func connections(t *testing.T, n int, first, then sockdiag.TCP) map[string]string {
	t.Helper()
	w := witness{census: newCensus(host.Host{}, Filter{}), lasted: time.Second, last: tables{knobs: map[string]seen[string]{
		"net.ipv4.tcp_rmem": see("4096\t131072\t6291456", nil), "net.ipv4.tcp_wmem": see("4096\t16384\t4194304", nil),
		"net.ipv4.tcp_mtu_probing": see("0", nil), "net.ipv4.tcp_available_congestion_control": see("cubic", nil),
	}}}
	for i := range 4 {
		w.census.begin()
		s := then
		if i == 0 {
			s = first
		}
		s.State, s.Info, s.Local = sockdiag.Established, true, netip.MustParseAddrPort("192.0.2.1:443")
		s.Remote, s.Congestion = netip.MustParseAddrPort("198.51.100.1:50000"), [16]byte{'c', 'u', 'b', 'i', 'c'}
		w.census.ports[443] = true
		for cookie := range n {
			s.Cookie = uint64(cookie) + 1
			w.census.connection(&s)
		}
	}
	w.census.sum(w.lasted)
	ports := map[string]rules.Subject{}
	w.services(ports, Options{})
	return found(t, ports["port 443"])
}

// A path that has died for segments of any size is none that drops the large ones.
func TestABlackHoleLetsSmallSegmentsThroughAndHasNeverLetALargeOne(t *testing.T) {
	stuck := sockdiag.TCP{
		SendMSS: 1448, Acked: 301, Busy: 5e6, Unacked: 6, Cwnd: 1, Sacked: 1, Backoff: 4, RTT: 10_000, MinRTT: 10_000,
		LastSent: 700, LastAck: 30, SendWindow: 65536, Segments: 9, Retransmits: 4,
	}
	for name, tc := range map[string]struct {
		change func(*sockdiag.TCP)
		n      int
		want   map[string]string
	}{
		"small ones arrive":             {func(*sockdiag.TCP) {}, 2, map[string]string{"pmtu port 443": rules.Certain}},
		"on one connection":             {func(*sockdiag.TCP) {}, 1, map[string]string{"pmtu port 443": rules.Likely}},
		"nothing came since":            {func(s *sockdiag.TCP) { s.LastAck = 9000 }, 2, map[string]string{"pmtu port 443": rules.Likely}},
		"large ones arrived before":     {func(s *sockdiag.TCP) { s.Acked = 1_400_000 }, 2, map[string]string{"pmtu port 443": rules.Likely}},
		"they did, and nothing came":    {func(s *sockdiag.TCP) { s.Acked, s.LastAck = 1_400_000, 9000 }, 2, map[string]string{}},
		"nothing was ever acknowledged": {func(s *sockdiag.TCP) { s.Sacked = 0 }, 2, map[string]string{}},
	} {
		first := stuck
		tc.change(&first)
		then := first
		then.Busy, then.Received = then.Busy+1e6, 20
		if diff := cmp.Diff(tc.want, connections(t, tc.n, first, then)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// With cookies and without timestamps who receives alone never measures one.
func TestWithoutARoundTripNothingIsSaidOfWindowsAndQueues(t *testing.T) {
	measured := func(s sockdiag.TCP) sockdiag.TCP {
		s.MinRTT = 40_000
		return s
	}
	first := sockdiag.TCP{
		SendMSS: 1448, RTT: 40_000, SendWindow: 65536, ReceiveWindow: 65536, MayHold: 6291456, SendMayHold: 4194304, Cwnd: 100,
	}
	receives, waits, queues := first, first, first
	receives.Received = 1_600_000
	waits.Acked, waits.Busy, waits.RwndLimited, waits.Segments = 1_600_000, 1e6, 9e5, 1100
	queues.Acked, queues.Busy, queues.Segments, queues.Unsent, queues.RTT = 1_600_000, 1e6, 1100, 1, 400_000
	for name, tc := range map[string]struct {
		then sockdiag.TCP
		want string
	}{
		"receives": {receives, "receive-window port 443"}, "sends": {waits, "receive-window port 443"},
		"queues": {queues, "bufferbloat port 443"},
	} {
		if got := connections(t, 1, measured(first), measured(tc.then)); got[tc.want] == "" {
			t.Errorf("%s, measured: %v, want %s", name, got, tc.want)
		}
		if got := connections(t, 1, first, tc.then); len(got) != 0 {
			t.Errorf("%s, not measured: %v", name, got)
		}
	}
}

// What may be does not hide what is.
func TestAFullProgramHasNoDescriptorLeft(t *testing.T) {
	for files, want := range map[float64]map[string]string{
		2000: {"descriptors unit a.service": rules.Certain},
		1985: {"descriptors unit a.service": rules.Likely, "accept-queue port 81": rules.Certain},
		1000: {"accept-queue port 81": rules.Certain},
	} {
		s, port := rules.NewSubject("process", "unit a.service"), rules.NewSubject("port", "port 81")
		s.Figures["files"], s.Figures["files_limit"], s.Figures["files_share"] = files, 2000, files/2000
		s.Figures["waiting_connections"], port.Related = 5, []string{s.Name}
		port.Figures["overflowed"], port.Figures["listen_overflows"] = 1, 1
		if diff := cmp.Diff(want, found(t, s, port)); diff != "" {
			t.Errorf("%v: %s", files, diff)
		}
	}
}

// A unit may have several control groups: one that does nothing takes nothing away.
func TestTheGroupsOfAServiceAddUp(t *testing.T) {
	c := newCensus(host.Host{}, Filter{})
	waits := func() *group {
		g := &group{networks: map[netip.Prefix]float64{}, connections: 1, active: 1, total: 1e6}
		g.spent[byWindow], g.worst[byWindow] = 9e5, sample{time: 9e5, window: 65536, minRTT: 40_000}
		g.spent[byProgram] = 1e5
		return g
	}
	idle := func() *group { return &group{networks: map[netip.Prefix]float64{}, connections: 1} }
	for i, g := range []*group{idle(), waits(), idle(), waits()} {
		c.groups[groupKey{port: 443, out: true, cgroup: uint64(i) + 1}] = g
	}
	unit := func(uint64) string { return "a.service" }
	all := c.services(unit)
	if len(all) != 1 || all[0].name != "port 443, to which a.service connects" {
		t.Fatalf("got %+v", all)
	}
	g := all[0].group
	if g.connections != 4 || g.active != 2 || g.total != 2e6 || g.spent[byWindow] != 1.8e6 ||
		g.worst[byWindow].time != 9e5 {
		t.Errorf("got %+v", g)
	}
	if told := c.spent(unit); len(told) != 1 || told[0].Connections != 4 || told[0].Spent[byWindow].Part != 0.9 {
		t.Errorf("told: %+v", told)
	}
}
