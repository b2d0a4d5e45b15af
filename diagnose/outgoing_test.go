package diagnose

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/sockdiag"
)

// goes are connections from one port after the other of 192.0.2.1, or another address, to one destination after the
// other.
type goes struct {
	from     string
	first, n uint16
	to       []string
	state    uint8
}

func TestPortsAreUsedUpWhereConnectFindsNone(t *testing.T) {
	web, five := []string{"198.51.100.1:443"}, []string{}
	for i := range 5 {
		five = append(five, fmt.Sprintf("198.51.100.%d:443", i+1))
	}
	certain := map[string]string{"ephemeral-ports port 443, outgoing": rules.Certain}
	none := map[string]string{}
	for name, tc := range map[string]struct {
		connections []goes
		listening   goes // ports alone
		knobs       map[string]string
		want        map[string]string
	}{
		"all are connected":          {connections: []goes{{first: 40000, n: 100, to: web}}, want: certain},
		"all wait":                   {connections: []goes{{first: 40000, n: 100, to: web, state: sockdiag.TimeWait}}, want: certain},
		"most are connected":         {connections: []goes{{first: 40000, n: 90, to: web}}, want: map[string]string{"ephemeral-ports port 443, outgoing": rules.Likely}},
		"half of them are connected": {connections: []goes{{first: 40000, n: 50, to: web}}, want: none},
		"all wait and may be used again": {
			connections: []goes{{first: 40000, n: 100, to: web, state: sockdiag.TimeWait}},
			knobs:       map[string]string{"net.ipv4.tcp_tw_reuse": "1"}, want: none,
		},
		"all wait without timestamps": {
			connections: []goes{{first: 40000, n: 100, to: web, state: sockdiag.TimeWait}},
			knobs:       map[string]string{"net.ipv4.tcp_tw_reuse": "1", "net.ipv4.tcp_timestamps": "0"}, want: certain,
		},
		"all wait where loopback alone may": {
			connections: []goes{{first: 40000, n: 100, to: web, state: sockdiag.TimeWait}},
			knobs:       map[string]string{"net.ipv4.tcp_tw_reuse": "2"}, want: certain,
		},
		"all wait on loopback": {
			connections: []goes{{from: "127.0.0.1", first: 40000, n: 100, to: []string{"127.0.0.1:443"}, state: sockdiag.TimeWait}},
			knobs:       map[string]string{"net.ipv4.tcp_tw_reuse": "2"}, want: none,
		},
		"ports beside the range": {connections: []goes{{first: 50000, n: 100, to: web}}, want: none},
		"ports that are reserved": {
			connections: []goes{{first: 40000, n: 100, to: web}},
			knobs:       map[string]string{"net.ipv4.ip_local_port_range": "40000\t40199", "net.ipv4.ip_local_reserved_ports": "40000-40098,40099"},
			want:        none,
		},
		"all but the reserved ones": {
			connections: []goes{{first: 40050, n: 50, to: web}},
			knobs:       map[string]string{"net.ipv4.ip_local_reserved_ports": "1-40049"}, want: certain,
		},
		"listeners have the others": {
			connections: []goes{{first: 40060, n: 40, to: web}}, listening: goes{first: 40000, n: 60}, want: certain,
		},
		"bound before they connect": {
			connections: []goes{{first: 40000, n: 100, to: five}},
			want:        map[string]string{"ephemeral-ports address 192.0.2.1, outgoing": rules.Likely},
		},
		"shared by destinations": {
			connections: []goes{{first: 40000, n: 100, to: five}, {first: 40000, n: 1, to: []string{"198.51.100.9:443"}}}, want: none,
		},
		"of two addresses": {
			connections: []goes{{first: 40000, n: 50, to: web}, {from: "192.0.2.2", first: 40050, n: 50, to: web}}, want: none,
		},
	} {
		w := witness{census: newCensus(host.Host{}, Filter{}), last: tables{knobs: map[string]seen[string]{
			keyRange: see("40000\t40099", nil), keyReserved: see("", nil),
			"net.ipv4.tcp_tw_reuse": see("0", nil), "net.ipv4.tcp_timestamps": see("1", nil),
		}}}
		for key, value := range tc.knobs {
			w.last.knobs[key] = see(value, nil)
		}
		w.first = w.last
		var err error
		if w.census.outgoing, err = w.first.outgoing(); err != nil {
			t.Fatal(err)
		}
		connect(w.census, tc.connections, tc.listening)
		if diff := cmp.Diff(tc.want, found(t, w.destinationSubjects()...)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func connect(c *census, connections []goes, listening goes) {
	c.begin()
	for i := range listening.n {
		c.ports[listening.first+i] = true
	}
	for _, g := range connections {
		from := netip.MustParseAddr("192.0.2.1")
		if g.from != "" {
			from = netip.MustParseAddr(g.from)
		}
		for i := range g.n {
			to := netip.MustParseAddrPort(g.to[int(i)%len(g.to)])
			c.connection(&sockdiag.TCP{State: max(g.state, sockdiag.Established), Local: netip.AddrPortFrom(from, g.first+i), Remote: to})
		}
	}
}

// What was not counted may be what is sought.
func TestMoreDestinationsThanAreCountedAreUnknown(t *testing.T) {
	w := witness{census: newCensus(host.Host{}, Filter{}), last: tables{knobs: map[string]seen[string]{
		keyRange: see("40000\t40099", nil), keyReserved: see("", nil),
		"net.ipv4.tcp_tw_reuse": see("0", nil), "net.ipv4.tcp_timestamps": see("1", nil),
	}}}
	w.first = w.last
	w.census.outgoing, _ = w.first.outgoing()
	w.census.begin()
	for i := range mostDestinations + 90 {
		remote := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)}), 443)
		w.census.goesOut(netip.MustParseAddrPort("192.0.2.1:40000"), remote, false, true)
		if i != mostDestinations+50 && i != mostDestinations+89 {
			continue
		}
		all, err := rules.Load()
		if err != nil {
			t.Fatal(err)
		}
		_, unjudged := rules.Evaluate(all, w.destinationSubjects())
		if unknown := len(unjudged) == 1 && strings.Contains(unjudged[0].Why, "not all were counted"); unknown != (i == mostDestinations+89) {
			t.Errorf("%d destinations: %+v", i+1, unjudged)
		}
	}
	w.last.knobs = map[string]seen[string]{keyRange: see("40000\t40199", nil), keyReserved: see("", nil)}
	if err := w.outgoingKnown(); err == nil {
		t.Error("the range was changed meanwhile, and what was counted by the one before is known")
	}
}
