package diagnose

import (
	"errors"
	"testing"

	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/internal/host"
)

func TestACounterThatWentBackIsUnknown(t *testing.T) {
	table := func(n uint64) seen[map[string]uint64] { return see(map[string]uint64{"TcpExtListenOverflows": n}, nil) }
	for name, tc := range map[string]struct {
		first, last seen[map[string]uint64]
		want        float64
		unknown     bool
	}{
		"grows":           {table(3), table(8), 5, false},
		"stands still":    {table(3), table(3), 0, false},
		"went back":       {table(8), table(3), 0, true},
		"is new":          {see(map[string]uint64{}, nil), table(3), 3, false},
		"is nowhere":      {see(map[string]uint64{}, nil), see(map[string]uint64{}, nil), 0, false},
		"cannot be read":  {table(3), seen[map[string]uint64]{err: errors.New("permission denied")}, 0, true},
		"has disappeared": {table(3), see(map[string]uint64{}, nil), 0, true},
	} {
		got, err := difference("TcpExtListenOverflows", tc.first, tc.last)
		if got != tc.want || (err != nil) != tc.unknown {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestConntrackAddsUpItsProcessors(t *testing.T) {
	got, err := parseConntrack([]byte("entries  searched drop early_drop\n0000000a 00000000 00000001 00000002\n0000000a 00000000 00000010 00000000\n"))
	if err != nil || got["drop"] != 0x11 || got["early_drop"] != 2 {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := parseConntrack([]byte("entries drop\n0000000a\n")); err == nil {
		t.Error("a line with a value too few is taken")
	}
}

func TestDevicesCountWhatTheyLost(t *testing.T) {
	got, err := parseDevices([]byte(`Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
  eth0: 100 10 0 3 4 0 0 0 200 20 0 5 0 0 0 0
`))
	if err != nil || got["eth0"] != 12 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestThrottlingIsReadInBothVersions(t *testing.T) {
	for name, text := range map[string]string{
		"version 1": "nr_periods 22\nnr_throttled 2\nthrottled_time 47059611\n",
		"version 2": "usage_usec 1\nuser_usec 1\nsystem_usec 0\nnr_periods 22\nnr_throttled 2\nthrottled_usec 47059\n",
	} {
		if got := parseThrottling([]byte(text)); got != (throttling{22, 2}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A process that went away between the looks is not one whose limits are kept.
func TestAProcessThatWentIsUnknown(t *testing.T) {
	w := witness{
		census: newCensus(host.Host{}, Filter{}), owners: see([]Owner{{Port: 80, Pid: 7, Program: "a"}}, nil),
		before: map[int]seen[process]{7: see(process{began: "100"}, nil)},
		then:   map[int]seen[process]{7: see(process{began: "200"}, nil)},
	}
	subjects := w.processSubjects()
	if len(subjects) != 1 {
		t.Fatalf("got %+v", subjects)
	}
	all, err := rules.Load()
	if err != nil {
		t.Fatal(err)
	}
	found, unjudged := rules.Evaluate(all, subjects)
	if found != nil || len(unjudged) != 2 {
		t.Errorf("found %+v, unjudged %+v, want descriptors and cpu-throttled", found, unjudged)
	}
}

func TestMoreSocketsThanAreRememberedAreSampled(t *testing.T) {
	c := newCensus(host.Host{}, Filter{})
	for cookie := range uint64(4 * mostSockets) {
		if hash(cookie)&c.mask != 0 {
			continue
		}
		c.sockets[cookie] = &tracked{}
		if len(c.sockets) > mostSockets {
			c.thin()
		}
	}
	if n := len(c.sockets); n > mostSockets || n < mostSockets/4 {
		t.Errorf("%d are remembered, want at most %d and a good part of that", n, mostSockets)
	}
	if share := float64(len(c.sockets)) * float64(c.mask+1) / (4 * mostSockets); share < 0.9 || share > 1.1 {
		t.Errorf("the sample stands for %.2f of what there is", share)
	}
}
