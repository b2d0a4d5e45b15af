package diagnose

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/sockdiag"
)

// found are the findings about what was seen, but for the hints: "rule target" and how sure.
func found(t *testing.T, subjects ...rules.Subject) map[string]string {
	t.Helper()
	all, err := rules.Load()
	if err != nil {
		t.Fatal(err)
	}
	findings, _ := rules.Evaluate(all, subjects)
	names := map[string]string{}
	for _, f := range findings {
		if f.Certainty != rules.Hint {
			names[f.Rule+" "+f.Target] = f.Certainty
		}
	}
	return names
}

// listens is a listener with a backlog: what its accept queue held at most, and what it dropped.
type listens struct {
	at         string
	room, most uint32
	drops      uint32
	halfOpen   uint32
}

// Counters are those of the namespace: a port is named for sure where it was seen, or nothing else explains them.
func TestAQueueIsNamedWhereItWasFull(t *testing.T) {
	for name, tc := range map[string]struct {
		listeners []listens
		counters  map[string]uint64
		knobs     map[string]string
		want      map[string]string
	}{
		"every drop was an overflow": {
			listeners: []listens{{at: "0.0.0.0:81", room: 8, most: 2, drops: 3}},
			counters:  map[string]uint64{"TcpExtListenDrops": 3, "TcpExtListenOverflows": 3},
			want:      map[string]string{"accept-queue port 81": rules.Certain},
		},
		"seen full": {
			listeners: []listens{{at: "0.0.0.0:81", room: 8, most: 9, drops: 3}},
			counters:  map[string]uint64{"TcpExtListenDrops": 30, "TcpExtListenOverflows": 3},
			want:      map[string]string{"accept-queue port 81": rules.Certain},
		},
		"drops that may be of either kind": {
			listeners: []listens{{at: "0.0.0.0:81", room: 8, most: 8, drops: 3}},
			counters:  map[string]uint64{"TcpExtListenDrops": 30, "TcpExtListenOverflows": 3},
			want:      map[string]string{"accept-queue port 81": rules.Likely},
		},
		"more than the drops of other kinds": {
			listeners: []listens{{at: "0.0.0.0:81", room: 8, drops: 30}},
			counters:  map[string]uint64{"TcpExtListenDrops": 30, "TcpExtListenOverflows": 3},
			want:      map[string]string{"accept-queue port 81": rules.Certain},
		},
		"drops that a filter of the socket made": {
			listeners: []listens{{at: "0.0.0.0:81", room: 8, drops: 30}},
			counters:  map[string]uint64{"TcpExtListenDrops": 3, "TcpExtListenOverflows": 3},
			want:      map[string]string{},
		},
		"the handshakes of one, the accept queue of the other": {
			listeners: []listens{{at: "0.0.0.0:81", room: 8, drops: 300, halfOpen: 8}, {at: "0.0.0.0:82", room: 1, most: 2, drops: 8}},
			counters:  map[string]uint64{"TcpExtListenDrops": 308, "TcpExtListenOverflows": 8, "TcpExtTCPReqQFullDrop": 291},
			knobs:     map[string]string{"net.ipv4.tcp_syncookies": "0"},
			want:      map[string]string{"syn-queue port 81": rules.Certain, "accept-queue port 82": rules.Certain},
		},
		"cookies for each": {
			listeners: []listens{{at: "0.0.0.0:81", room: 8}},
			counters:  map[string]uint64{"TcpExtTCPReqQFullDoCookies": 1},
			knobs:     map[string]string{"net.ipv4.tcp_syncookies": "2"},
			want:      map[string]string{},
		},
		"more half-open where more may be": {
			listeners: []listens{{at: "0.0.0.0:81", room: 8, halfOpen: 8}, {at: "0.0.0.0:82", room: 1024, halfOpen: 60}},
			counters:  map[string]uint64{"TcpExtTCPReqQFullDoCookies": 300},
			want:      map[string]string{"syn-queue port 81": rules.Certain},
		},
		"none seen full": {
			listeners: []listens{{at: "0.0.0.0:81", room: 8, halfOpen: 7}, {at: "0.0.0.0:82", room: 1024, halfOpen: 60}},
			counters:  map[string]uint64{"TcpExtTCPReqQFullDoCookies": 300},
			want:      map[string]string{"syn-queue host": rules.Likely},
		},
		"two seen full": {
			listeners: []listens{{at: "0.0.0.0:81", room: 8, halfOpen: 8}, {at: "0.0.0.0:82", room: 60, halfOpen: 60}},
			counters:  map[string]uint64{"TcpExtTCPReqQFullDoCookies": 300},
			want:      map[string]string{"syn-queue port 82": rules.Likely},
		},
		"the last quarter of tcp_max_syn_backlog": {
			listeners: []listens{{at: "0.0.0.0:81", room: 1024, drops: 401, halfOpen: 49}, {at: "0.0.0.0:82", room: 1024}},
			counters:  map[string]uint64{"TcpExtListenDrops": 401},
			knobs:     map[string]string{"net.ipv4.tcp_syncookies": "0", "net.ipv4.tcp_max_syn_backlog": "64"},
			want:      map[string]string{"syn-queue port 81": rules.Certain},
		},
		"drops without a queue that was seen full": {
			listeners: []listens{{at: "0.0.0.0:81", room: 1024, drops: 1, halfOpen: 3}},
			counters:  map[string]uint64{"TcpExtListenDrops": 1},
			knobs:     map[string]string{"net.ipv4.tcp_syncookies": "0"},
			want:      map[string]string{"syn-queue host": rules.Likely},
		},
	} {
		w := witness{census: newCensus(host.Host{}, Filter{}), first: tables{counters: see(map[string]uint64{}, nil)}}
		w.last = tables{counters: see(tc.counters, nil), knobs: map[string]seen[string]{
			"net.core.somaxconn": see("4096", nil), "net.ipv4.tcp_syncookies": see("1", nil), "net.ipv4.tcp_max_syn_backlog": see("512", nil),
		}}
		for key, value := range tc.knobs {
			w.last.knobs[key] = see(value, nil)
		}
		look(w.census, tc.listeners)
		ports := map[string]rules.Subject{}
		w.queues(ports)
		subjects := []rules.Subject{w.handshakes()}
		for _, s := range ports {
			subjects = append(subjects, s)
		}
		if diff := cmp.Diff(tc.want, found(t, subjects...)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// look has a census see these listeners, and the handshakes that are under way at 192.0.2.1.
func look(c *census, all []listens) {
	c.begin()
	for i, l := range all {
		c.listener(&sockdiag.TCP{
			State: sockdiag.Listening, Local: netip.MustParseAddrPort(l.at), Cookie: uint64(i) + 1, Waiting: l.most, Room: l.room,
		})
		c.listeners[uint64(i)+1].drops = l.drops
	}
	for _, l := range all {
		at := netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), netip.MustParseAddrPort(l.at).Port())
		for range l.halfOpen {
			c.connection(&sockdiag.TCP{State: sockdiag.SynReceived, Local: at})
		}
	}
}

func TestAHandshakeIsOneOfTheListenerThatTakesIt(t *testing.T) {
	for local, want := range map[string]string{
		"192.0.2.1:80": "192.0.2.1:80", "192.0.2.2:80": "0.0.0.0:80", "[2001:db8::1]:80": "[::]:80", "192.0.2.1:81": "[::]:81",
		"[2001:db8::1]:82": "invalid AddrPort", "192.0.2.1:83": "invalid AddrPort",
	} {
		c := newCensus(host.Host{}, Filter{})
		c.rooms = map[netip.AddrPort]uint32{}
		for _, at := range []string{"192.0.2.1:80", "0.0.0.0:80", "[::]:80", "[::]:81", "0.0.0.0:82"} {
			c.rooms[netip.MustParseAddrPort(at)] = 8
		}
		if got := c.listening(netip.MustParseAddrPort(local)).String(); got != want {
			t.Errorf("%s: %s, want %s", local, got, want)
		}
	}
}
