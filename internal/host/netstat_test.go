package host

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseNetstat(t *testing.T) {
	t.Parallel()
	const text = "TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 0 12 340\nIpExt: InNoRoutes\nIpExt: -1\nMPTcpExt: A\nMPTcpExt: 18446744073709551615\n"
	got, err := parseNetstat([]byte(text))
	want := map[string]uint64{"TcpExtSyncookiesSent": 0, "TcpExtListenOverflows": 12, "TcpExtListenDrops": 340, "MPTcpExtA": 1<<64 - 1}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	for _, text := range []string{"", "\n", "TcpExt: A\n", "TcpExt: A B\nTcpExt: 1\n", "TcpExt: A\nIpExt: 1\n", "\n\n\n"} {
		if got, err := parseNetstat([]byte(text)); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestParseSoftnet(t *testing.T) {
	t.Parallel()
	const text = "00002686 00000002 000000ff 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000\n" +
		"ffffffff 00000001 00000001 00000000\n"
	got, err := parseSoftnet([]byte(text))
	if want := (Softnet{0x2686 + 0xffffffff, 3, 256}); got != want || err != nil {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for _, text := range []string{"0 1\n", "x y z\n", "100000000 0 0\n", "\n"} {
		if got, err := parseSoftnet([]byte(text)); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestParseSockstat(t *testing.T) {
	t.Parallel()
	const text = "sockets: used 16\nTCP: inuse 3 orphan 1 tw 7 alloc 4 mem 137 later 5\nUDP: inuse 9 mem 9\n"
	got, err := parseSockstat([]byte(text))
	if want := (Sockstat{InUse: 3, Orphan: 1, TimeWait: 7, Alloc: 4, MemPages: 137}); got != want || err != nil {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for _, text := range []string{"", "UDP: inuse 1\n", "TCP: inuse x\n", "TCP: tw -1\n"} {
		if got, err := parseSockstat([]byte(text)); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestCountersOfThisMachine(t *testing.T) {
	t.Parallel()
	counters, err := Host{}.Netstat()
	if _, ok := counters["TcpExtListenOverflows"]; !ok || err != nil {
		t.Errorf("no ListenOverflows: %v", err)
	}
	if _, err := (Host{}).Softnet(); err != nil {
		t.Error(err)
	}
	if _, err := (Host{}).Sockstat(); err != nil {
		t.Error(err)
	}
}

func FuzzProcNet(f *testing.F) {
	f.Add([]byte("TcpExt: A B\nTcpExt: 1 2\n"))
	f.Add([]byte("00002686 00000002 000000ff\n"))
	f.Add([]byte("TCP: inuse 3 orphan 1 tw 7 alloc 4 mem\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := parseNetstat(data); err == nil && len(got) == 0 {
			t.Error("no counters and no error")
		}
		if got, err := parseSockstat(data); err == nil && min(got.InUse, got.Orphan, got.TimeWait, got.Alloc, got.MemPages) < 0 {
			t.Errorf("a negative count in %+v", got)
		}
		_, _ = parseSoftnet(data)
	})
}
