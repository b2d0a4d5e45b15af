package diagnose

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/diagnose/rules"
)

// subjects is what was seen, as the rules ask for it.
func (w *witness) subjects(o Options) (all []rules.Subject) {
	ports := map[string]rules.Subject{}
	w.queues(ports)
	w.services(ports, o)
	for _, name := range slices.Sorted(maps.Keys(ports)) {
		all = append(all, ports[name])
	}
	all = append(all, w.destinationSubjects()...)
	all = append(all, w.processSubjects()...)
	all = append(all, w.whole(o))
	if o.Filter.Narrow() {
		return all
	}
	return append(append(all, w.hostSubject(), w.handshakes()), w.interfaces()...)
}

// serviceName is portName with the unit that connects, where somebody knows it.
func serviceName(key groupKey, unitOf func(cgroup uint64) string) string {
	unit := ""
	if key.out && unitOf != nil && key.cgroup != 0 {
		unit = unitOf(key.cgroup)
	}
	return portName(key, unit)
}

// portName is what a finding about a service is called.
func portName(key groupKey, unit string) string {
	switch {
	case !key.out:
		return fmt.Sprintf("port %d", key.port)
	case unit != "":
		return fmt.Sprintf("port %d, to which %s connects", key.port, unit)
	}
	return fmt.Sprintf("port %d, outgoing", key.port)
}

// subject is the one called name, with what all services share.
func (w *witness) subject(ports map[string]rules.Subject, name string, port uint16, out bool) rules.Subject {
	s, ok := ports[name]
	if ok {
		return s
	}
	s = rules.NewSubject("port", name)
	ports[name] = s
	s.Figures["looks"] = float64(w.census.looks)
	s.Figures["seconds"] = w.seconds()
	s.Words["owner"], s.Words["network"], s.Words["buffer_held"] = "the program", "all networks", ""
	if !out {
		for _, owner := range w.owners.value {
			if owner.Port == port && owner.Pid != 0 {
				s.Related = append(s.Related, owner.Name())
			}
		}
		if s.Related != nil {
			s.Words["owner"] = s.Related[0]
		}
		ports[name] = s
	}
	return s
}

// difference is how much a counter has grown. One that went back was reset, or is another one.
func difference(name string, first, last seen[map[string]uint64]) (float64, error) {
	if err := cmp.Or(first.err, last.err); err != nil {
		return 0, err
	}
	a, ok := first.value[name]
	b, still := last.value[name]
	switch {
	case !ok && !still:
		return 0, nil // the kernel has no such counter, or it was never used: what it counts has not happened
	case b < a:
		return 0, fmt.Errorf("the counter %s went back from %d to %d", name, a, b)
	}
	return float64(b - a), nil
}

func (w *witness) counted(s rules.Subject, figure string, names ...string) {
	var sum float64
	var failed error
	for _, name := range names {
		n, err := difference(name, w.first.counters, w.last.counters)
		sum, failed = sum+n, errors.Join(failed, err)
	}
	s.See(figure, sum, failed)
}

// queues sees the accept queues. A listener counts together whom it had no room to accept, whose handshake it had no
// room for, and other reasons; the namespace counts the first kind by itself.
func (w *witness) queues(ports map[string]rules.Subject) {
	others, errOthers := w.refused()
	dropped, errDropped := difference("TcpExtListenDrops", w.first.counters, w.last.counters)
	proven := map[string]bool{}
	for _, q := range w.census.listeners {
		s := w.subject(ports, portName(groupKey{port: q.local.Port()}, ""), q.local.Port(), false)
		s.Figures["listen_drops"] += float64(q.drops)
		s.Figures["listen_queue"] = max(s.Figures["listen_queue"], float64(q.most))
		s.Figures["listen_room"] = max(s.Figures["listen_room"], float64(q.room))
		s.Figures["full_share"] = max(s.Figures["full_share"], float64(q.full)/float64(max(q.looks, 1)))
		w.counted(s, "listen_overflows", "TcpExtListenOverflows")
		opened, err := difference("TcpPassiveOpens", w.first.counters, w.last.counters)
		drops := s.Figures["listen_drops"]
		if err == nil {
			s.Figures["listen_lost_share"] = drops / max(drops+opened, 1)
		}
		somaxconn, err := w.last.number("net.core.somaxconn", 0)
		s.See("somaxconn", somaxconn, err)
		wanted := s.Figures["listen_room"] + drops
		s.Figures["backlog_wanted"] = min(max(rules.PowerOfTwo(2*wanted), 128), 65535)
		// That many drops were no overflow, wherever: what a port has more of was. Filters of a socket drop as well, without
		// the counter of the namespace, and then nothing follows from the difference.
		proven[s.Name] = proven[s.Name] || q.over && q.drops > 0
		switch {
		case proven[s.Name]:
			s.Figures["overflowed"] = 1
		case drops > dropped:
			s.Figures["overflowed"] = 0
		default:
			s.Figures["overflowed"] = max(drops-others, 0)
		}
		delete(s.Unknown, "overflowed")
		if err := cmp.Or(errOthers, errDropped); err != nil && !proven[s.Name] {
			s.Unknown["overflowed"] = err.Error()
		}
	}
}

// refused counts what listeners dropped though their accept queue had room.
func (w *witness) refused() (float64, error) {
	drops, errDrops := difference("TcpExtListenDrops", w.first.counters, w.last.counters)
	overflows, errOverflows := difference("TcpExtListenOverflows", w.first.counters, w.last.counters)
	return max(drops-overflows, 0), cmp.Or(errDrops, errOverflows)
}

// handshakes is the port of the listener that had as many under way as it keeps, where that was seen, and else the
// host: the counters do not tell whose they are.
func (w *witness) handshakes() rules.Subject {
	cookies, errCookies := w.last.number("net.ipv4.tcp_syncookies", 0)
	backlog, errBacklog := w.last.number("net.ipv4.tcp_max_syn_backlog", 0)
	room := func(at netip.AddrPort) float64 {
		n := float64(w.census.rooms[at])
		if errCookies == nil && errBacklog == nil && cookies == 0 {
			// The last quarter is for those who were here before (tcp_conn_request).
			n = min(n, backlog-math.Floor(backlog/4)+1)
		}
		return n
	}
	var full []netip.AddrPort
	for at, n := range w.census.mostHalfOpen {
		if _, listens := w.census.rooms[at]; listens && float64(n) >= room(at) {
			full = append(full, at)
		}
	}
	slices.SortFunc(full, func(a, b netip.AddrPort) int {
		return cmp.Or(cmp.Compare(w.census.mostHalfOpen[b], w.census.mostHalfOpen[a]), a.Compare(b))
	})
	name, at := "host", netip.AddrPort{}
	if len(full) > 0 {
		name, at = portName(groupKey{port: full[0].Port()}, ""), full[0]
	}
	s := rules.NewSubject("handshakes", name)
	s.Words["owner"], s.Words["half_open"] = "the program", "no look saw whose"
	if len(full) > 0 {
		s.Words["half_open"] = fmt.Sprintf("%d half-open where %.0f may be", w.census.mostHalfOpen[at], room(at))
	}
	for _, owner := range w.owners.value {
		if at.IsValid() && owner.Port == at.Port() && owner.Pid != 0 {
			s.Related = append(s.Related, owner.Name())
		}
	}
	if s.Related != nil {
		s.Words["owner"] = s.Related[0]
	}
	s.Figures["seconds"], s.Figures["full_queues"] = w.seconds(), float64(len(full))
	for _, figure := range []string{"syn_full", "cookies"} {
		w.counted(s, figure, rules.Counters()[figure]...)
	}
	if errCookies == nil && cookies == 0 { // then the last quarter is refused without a counter of its own
		refused, err := w.refused()
		s.See("syn_full", max(refused, s.Figures["syn_full"]), err)
	}
	opened, _ := difference("TcpPassiveOpens", w.first.counters, w.last.counters)
	s.Figures["syn_full_share"] = s.Figures["syn_full"] / max(s.Figures["syn_full"]+opened, 1)
	s.Figures["listen_room"] = float64(w.census.rooms[at])
	s.Figures["syn_wanted"] = min(max(rules.PowerOfTwo(2*(room(at)+s.Figures["syn_full"])), 128), 65535)
	s.See("syncookies", cookies, errCookies)
	s.See("syn_backlog", backlog, errBacklog)
	somaxconn, err := w.last.number("net.core.somaxconn", 0)
	s.See("somaxconn", somaxconn, err)
	return s
}

// whole is all that was looked at together.
func (w *witness) whole(o Options) rules.Subject {
	s := rules.NewSubject("whole", cmp.Or(o.Filter.Name(), "host"))
	s.Words["owner"] = "the programs"
	var total, program float64
	for _, g := range w.census.groups {
		total, program = total+g.total, program+g.spent[byProgram]
		s.Figures["sending"] += float64(g.active)
	}
	if total > 0 {
		s.Figures["program_share"] = program / total
	}
	return s
}

func (w *witness) interfaces() (all []rules.Subject) {
	for _, name := range slices.Sorted(maps.Keys(w.last.devices.value)) {
		if name == "lo" {
			continue
		}
		s := rules.NewSubject("interface", "interface "+name)
		s.Words["name"] = name
		lost, err := difference(name, w.first.devices, w.last.devices)
		s.See("lost_packets", lost, err)
		s.Figures["seconds"] = w.seconds()
		all = append(all, s)
	}
	return all
}

// mostOf is the network that most of the time was lost towards.
func mostOf(networks map[netip.Prefix]float64) string {
	var most netip.Prefix
	for p, n := range networks {
		if n > networks[most] || n == networks[most] && strings.Compare(p.String(), most.String()) < 0 {
			most = p
		}
	}
	if !most.IsValid() {
		return "all networks"
	}
	return most.String()
}
