package diagnose

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tcptune/tcptune/diagnose/rules"
	"github.com/tcptune/tcptune/internal/host"
)

// Where nothing is sent no limit shows, and none has gone.
func TestALimitIsJudgedWhereSomethingComesNearIt(t *testing.T) {
	all, err := rules.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, busy := range []bool{false, true} {
		c := newCensus(host.Host{}, Filter{})
		look(c, []listens{{at: "0.0.0.0:81", room: 8}})
		g := &group{networks: map[netip.Prefix]float64{}, connections: 1}
		c.groups[groupKey{port: 81}] = g
		counters := map[string]uint64{"TcpPassiveOpens": 0, "TcpInSegs": 0, "TcpOutSegs": 0}
		if busy {
			g.active, g.total = 1, 1e6
			counters = map[string]uint64{"TcpPassiveOpens": 1, "TcpInSegs": 5, "TcpOutSegs": 5}
			to := destination{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddrPort("198.51.100.1:443")}
			c.destinations[to] = toward{all: 1, ours: true}
		}
		w := witness{census: c, lasted: time.Second}
		w.first.counters = see(map[string]uint64{}, nil)
		w.last.counters = see(counters, nil)
		w.last.devices = see(map[string]uint64{"eth0": 0}, nil)
		j := w.judged(all, w.subjects(Options{}), Options{})
		for rule, target := range map[string]string{
			"accept-queue": "port 81", "syn-queue": "port 81", "receive-window": "port 81", "application": "host",
			"time-wait": "host", "interface-drops": "interface eth0", "ephemeral-ports": "port 443, outgoing",
		} {
			if got := j.Has(rule, target); got != busy {
				t.Errorf("%s of %s, busy %v: judged %v", rule, target, busy, got)
			}
		}
		if j.Has("receive-window", "port 82") {
			t.Error("a port that nobody saw is judged")
		}
	}
}

// What another finding explains holds all the same.
func TestWhatIsExplainedHasNotGone(t *testing.T) {
	all, err := rules.Load()
	if err != nil {
		t.Fatal(err)
	}
	w := witness{census: newCensus(host.Host{}, Filter{})}
	w.first.counters = see(map[string]uint64{}, nil)
	w.last.counters = see(map[string]uint64{"TcpPassiveOpens": 5}, nil)
	p, port := rules.NewSubject("process", "unit a.service"), rules.NewSubject("port", "port 81")
	port.Figures["listen_room"], port.Related = 8, []string{p.Name}
	port.Figures["overflowed"], port.Figures["listen_overflows"] = 0, 1
	if !w.judged(all, []rules.Subject{p, port}, Options{}).Has("accept-queue", "port 81") {
		t.Error("it does not hold, and that is not known")
	}
	port.Figures["overflowed"] = 1
	p.Figures["files"], p.Figures["files_limit"], p.Figures["files_share"], p.Figures["waiting_connections"] = 9, 9, 1, 5
	if w.judged(all, []rules.Subject{p, port}, Options{}).Has("accept-queue", "port 81") {
		t.Error("it holds, and has gone")
	}
}

func TestAShortTimeIsSaidInParts(t *testing.T) {
	for lasted, want := range map[time.Duration]float64{
		50 * time.Millisecond: 0.05, 999 * time.Millisecond: 1, 9600 * time.Millisecond: 10,
	} {
		if got := (&witness{lasted: lasted}).seconds(); got != want {
			t.Errorf("%v: %v, want %v", lasted, got, want)
		}
	}
}
