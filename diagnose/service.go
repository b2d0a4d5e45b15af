package diagnose

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/diagnose/rules"
)

// services sees where the time of each service's connections went.
func (w *witness) services(ports map[string]rules.Subject, o Options) {
	for _, of := range w.census.services(o.UnitOf) {
		s := w.subject(ports, of.name, of.key.port, of.key.out)
		w.shares(s, of.group)
		w.window(s, of.group)
		w.buffer(s, of.group)
		w.path(s, of.group)
	}
}

// service is a port of ours, or one that a unit connects to, whatever control groups of the unit do.
type service struct {
	name  string
	key   groupKey // of one of them
	group *group
}

// services are in the order of their names.
func (c *census) services(unitOf func(uint64) string) (all []service) {
	at := map[string]int{}
	keys := slices.SortedFunc(maps.Keys(c.groups), func(a, b groupKey) int {
		return cmp.Or(cmp.Compare(a.port, b.port), cmp.Compare(a.cgroup, b.cgroup))
	})
	for _, key := range keys {
		name := serviceName(key, unitOf)
		i, known := at[name]
		if !known {
			i, at[name] = len(all), len(all)
			all = append(all, service{name, key, &group{networks: map[netip.Prefix]float64{}}})
		}
		all[i].group.merge(c.groups[key])
	}
	slices.SortFunc(all, func(a, b service) int { return strings.Compare(a.name, b.name) })
	return all
}

// shares are those of the time in which the connections had something to send.
func (w *witness) shares(s rules.Subject, g *group) {
	s.Words["network"] = mostOf(g.networks)
	whole := float64(w.lasted.Microseconds())
	sending := g.total - g.spent[byProgram]
	for c, name := range map[cause]string{
		byPeer: "peer", byBuffer: "buffer", byLoss: "loss", byQueue: "queue", byBlackHole: "stuck", byPath: "path",
	} {
		s.Figures[name+"_share"] = share(g.spent[c], sending)
		s.Figures[name+"_time"] = share(g.worst[c].time, whole)
	}
	s.Figures["reader_share"], s.Figures["reader_time"] = share(g.spent[byReader], g.receivedFor), share(g.worst[byReader].time, whole)
	s.Figures["slow_share"] = max(s.Figures["reader_share"], s.Figures["peer_share"])
	slow, what := g.worst[byPeer], "what it announces is full again and again"
	s.Words["reader"] = "the other side's"
	if s.Figures["reader_share"] >= s.Figures["peer_share"] {
		slow = g.worst[byReader]
		what = fmt.Sprintf("a part of the %.0f KiB for one connection always lies unread", slow.buffer/1024)
		s.Words["reader"] = s.Words["owner"]
	}
	s.Figures["slow_rate"], s.Words["buffer_held"] = slow.rate, what
	s.Figures["stuck"], s.Figures["partly"] = float64(g.stuck), float64(g.partly)
	s.Figures["holed"] = float64(g.holed)
	s.Figures["mss"] = g.worst[byBlackHole].mss
}

func share(part, of float64) float64 {
	if of <= 0 {
		return 0
	}
	return min(part/of, 1)
}

// Values that are advised grow by no more than that at once, and to no more than that: then one looks again.
const (
	mostGain   = 8
	mostBuffer = 64 << 20
)

// wanted is a size of bytes for a buffer that was full for a share of the time.
func wanted(bytes, least, full float64) float64 {
	return min(max(rules.PowerOfTwo(bytes*gain(full)), rules.PowerOfTwo(least)), mostBuffer)
}

// gain is how much faster it would be if nothing else limits.
func gain(full float64) float64 { return min(1/max(1-full, 1.0/mostGain), mostGain) }

// window sees the window of the receiver: of the other side, or ours.
func (w *witness) window(s rules.Subject, g *group) {
	whole := float64(w.lasted.Microseconds())
	theirs, ours := share(g.spent[byWindow], g.total-g.spent[byProgram]), share(g.spent[byOwnWindow], g.receivedFor)
	worst, own := g.worst[byWindow], 0.0
	s.Words["receiver"] = "the other side"
	if ours > theirs {
		worst, own = g.worst[byOwnWindow], 1
		s.Words["receiver"] = "this host"
	}
	full := share(worst.time, whole)
	s.Figures["receive_window_share"], s.Figures["receive_window_time"] = max(theirs, ours), full
	s.Figures["window"], s.Figures["window_rtt"], s.Figures["window_gain"] = worst.window, worst.minRTT, gain(full)
	s.Figures["own_window"] = own
	s.Figures["window_wanted"] = wanted(4*worst.window, w.field(s, "net.ipv4.tcp_rmem", 2), full)
	s.Figures["own_buffer_fixed"] = fixed(worst.buffer, w.field(s, "net.ipv4.tcp_rmem", 2))
	s.Figures["rmem_min"], s.Figures["rmem_default"] = w.field(s, "net.ipv4.tcp_rmem", 0), w.field(s, "net.ipv4.tcp_rmem", 1)
}

// buffer sees the send buffer.
func (w *witness) buffer(s rules.Subject, g *group) {
	worst, most := g.worst[byBuffer], w.field(s, "net.ipv4.tcp_wmem", 2)
	s.Figures["buffer"], s.Figures["buffer_rtt"] = worst.buffer, worst.minRTT
	s.Figures["buffer_fixed"] = fixed(worst.buffer, most)
	s.Figures["buffer_wanted"] = wanted(2*worst.buffer, most, share(worst.time, float64(w.lasted.Microseconds())))
	s.Figures["wmem_min"], s.Figures["wmem_default"] = w.field(s, "net.ipv4.tcp_wmem", 0), w.field(s, "net.ipv4.tcp_wmem", 1)
}

// fixed tells whether a buffer that is full is smaller than the kernel would let it grow: then its program has set the size.
func fixed(buffer, most float64) float64 {
	if buffer > 0 && buffer < 0.9*most {
		return 1
	}
	return 0
}

// field is one of a key, 0 where it is not known: then what is computed from it is said to be unknown.
func (w *witness) field(s rules.Subject, key string, i int) float64 {
	n, err := w.last.number(key, i)
	if err != nil {
		for _, figure := range []string{"window_wanted", "buffer_wanted", "own_buffer_fixed", "buffer_fixed"} {
			s.Unknown[figure] = err.Error()
		}
	}
	return n
}

// path sees losses, queues, and what the network carries.
func (w *witness) path(s rules.Subject, g *group) {
	loss, queue, path := g.worst[byLoss], g.worst[byQueue], g.worst[byPath]
	s.Figures["loss"], s.Figures["loss_rtt"], s.Figures["loss_min_rtt"] = loss.loss, loss.rtt, loss.minRTT
	s.Figures["queue_rtt"], s.Figures["queue_min_rtt"] = queue.rtt, queue.minRTT
	s.Figures["path_rate"], s.Figures["path_rtt"] = path.rate, path.minRTT
	s.Words["congestion"] = loss.congestion
	s.Figures["loss_based"] = 0
	if lossBased(queue.congestion) {
		s.Figures["loss_based"] = 1
	}
	available := w.last.knobs["net.ipv4.tcp_available_congestion_control"]
	s.Figures["bbr"] = 0
	if slices.Contains(strings.Fields(available.value), "bbr") {
		s.Figures["bbr"] = 1
	}
	n, err := w.last.number("net.ipv4.tcp_mtu_probing", 0)
	s.See("mtu_probing", n, err)
}
