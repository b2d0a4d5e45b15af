package diagnose

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/diagnose/rules"
)

// portSet holds port numbers. The zero value is empty.
type portSet [1 << 16 / 64]uint64

func (p *portSet) has(n uint16) bool { return p[n/64]&(1<<(n%64)) != 0 }
func (p *portSet) add(n uint16)      { p[n/64] |= 1 << (n % 64) }
func (p *portSet) remove(n uint16)   { p[n/64] &^= 1 << (n % 64) }

func (p *portSet) count() (n int) {
	for _, word := range p {
		n += bits.OnesCount64(word)
	}
	return n
}

// The keys that say which ports a program gets that connects and does not name one.
const (
	keyRange    = "net.ipv4.ip_local_port_range"
	keyReserved = "net.ipv4.ip_local_reserved_ports"
)

// outgoing are the ports that connect(2) may choose from: those of the range that are not reserved.
func (t tables) outgoing() (all portSet, err error) {
	low, errLow := t.number(keyRange, 0)
	high, errHigh := t.number(keyRange, 1)
	reserved := t.knobs[keyReserved]
	if err := errors.Join(errLow, errHigh, reserved.err); err != nil {
		return all, err
	}
	for n := max(low, 0); n <= min(high, 65535); n++ {
		all.add(uint16(n))
	}
	for part := range strings.SplitSeq(strings.TrimSpace(reserved.value), ",") {
		if part == "" {
			continue
		}
		first, last, both := strings.Cut(part, "-")
		if !both {
			last = first
		}
		a, errA := strconv.ParseUint(first, 10, 16)
		b, errB := strconv.ParseUint(last, 10, 16)
		if err := errors.Join(errA, errB); err != nil {
			return all, err
		}
		for n := a; n <= b; n++ {
			all.remove(uint16(n))
		}
	}
	return all, nil
}

type destination struct {
	local  netip.Addr
	remote netip.AddrPort
}

// toward counts the ports that are taken by connections to a destination, and those of them in TIME_WAIT.
type toward struct {
	all, waiting int
	ours         bool // what is looked at goes there
}

// source is an address of ours, with the ports that are taken by connections from there, but for those in TIME_WAIT.
type source struct {
	ports  portSet
	shared bool // two destinations have a port in common
	ours   bool
}

func sourceName(from netip.Addr) string { return "address " + from.String() + ", outgoing" }

// mostSources is how many addresses of ours are remembered.
const mostSources = 256

// goesOut counts a connection that goes out, if its port is one that connect(2) chooses from. Others take none away.
func (c *census) goesOut(local, remote netip.AddrPort, waiting, ours bool) {
	if !c.outgoing.has(local.Port()) {
		return
	}
	from := c.sources[local.Addr()]
	if from == nil && len(c.sources) < mostSources {
		from = &source{}
		c.sources[local.Addr()] = from
	}
	if from != nil && !waiting {
		from.shared, from.ours = from.shared || from.ports.has(local.Port()), from.ours || ours
		from.ports.add(local.Port())
	}
	d := destination{local.Addr(), remote}
	n, known := c.destinations[d]
	if !known && len(c.destinations) >= mostDestinations {
		c.uncounted++
		return
	}
	n.all++
	n.ours = n.ours || ours
	if waiting {
		n.waiting++
	}
	c.destinations[d] = n
}

// free is how many ports a connection to one destination may take, if none goes there yet. A port that is bound is
// not chosen, whatever address it is bound to (__inet_hash_connect); of those that are bound, the ones are seen that
// listen.
func (c *census) free() int {
	free := c.outgoing
	for port := range c.ports {
		free.remove(port)
	}
	return free.count()
}

// reusable reports whether a connection in TIME_WAIT leaves its port to the next one to the same destination
// (tcp_twsk_unique). The other side has to send timestamps for that as well, as all systems of today do.
func reusable(d destination, reuse, timestamps float64) bool {
	loopback := d.local.IsLoopback() || d.remote.Addr().IsLoopback()
	return timestamps != 0 && (reuse == 1 || reuse == 2 && loopback)
}

// fewPorts is how many have to be taken for it to be no accident that no two destinations have one in common.
const fewPorts = 32

// destinationSubjects are the one that most ports are taken to, or the address of ours that most are taken from, if
// each is taken for one destination alone: so it is where a program binds the address before it connects.
func (w *witness) destinationSubjects() []rules.Subject {
	c := w.census
	reuse, errReuse := w.last.number("net.ipv4.tcp_tw_reuse", 0)
	timestamps, errTimestamps := w.last.number("net.ipv4.tcp_timestamps", 0)
	free, err := float64(c.free()), cmp.Or(w.outgoingKnown(), errReuse, errTimestamps)
	var most destination
	taken := -1
	for d, n := range c.destinations {
		used := n.all
		if reusable(d, reuse, timestamps) {
			used -= n.waiting
		}
		if n.ours && (used > taken || used == taken && d.remote.Compare(most.remote) < 0) {
			most, taken = d, used
		}
	}
	s := rules.NewSubject("destination", portName(groupKey{port: most.remote.Port(), out: true}, ""))
	n := c.destinations[most]
	s.Words["destination"] = most.remote.String()
	s.Figures["one_destination"], s.Figures["ports_used"] = 1, float64(max(taken, 0))
	s.Figures["waiting_share"] = share(float64(n.waiting), float64(n.all))
	s.Words["waiting"] = fmt.Sprintf("%d of them in TIME_WAIT", n.waiting)
	if taken >= 0 && taken < n.all {
		s.Words["waiting"] = fmt.Sprintf("%d in TIME_WAIT may be used again", n.waiting)
		s.Figures["waiting_share"] = 0
	}
	for from, of := range c.sources {
		if used := of.ports.count(); of.ours && !of.shared && used >= fewPorts && used > taken {
			taken = used
			s = rules.NewSubject("destination", sourceName(from))
			s.Words["destination"], s.Words["waiting"] = "all addresses, from "+from.String(), "no two with one in common"
			s.Figures["one_destination"], s.Figures["ports_used"] = 0, float64(used)
		}
	}
	if taken < 0 && c.uncounted == 0 {
		return nil
	}
	s.See("ports_have", free, err)
	s.See("ports_share", share(s.Figures["ports_used"], free), err)
	// One of those that were not counted may be the fullest.
	if least := nearlyAll * free; float64(c.uncounted) >= least && s.Figures["ports_used"] < least {
		s.See("ports_share", 0, fmt.Errorf("connections go to more than %d addresses, and not all were counted", mostDestinations))
	}
	s.Words["port_range"] = fmt.Sprintf("%d 65535", widestLow)
	s.Figures["ports_wider"] = 65535 - widestLow + 1
	s.See("tw_reuse", reuse, errReuse)
	s.See("timestamps", timestamps, errTimestamps)
	return []rules.Subject{s}
}

// nearlyAll is the least share of the ports that the rule ephemeral-ports speaks of.
const nearlyAll = 0.85

// widestLow is where the range of outgoing ports may begin without touching those that services like to listen on.
const widestLow = 10240

// outgoingKnown says why it is not known which ports connect(2) chooses from.
func (w *witness) outgoingKnown() error {
	_, err := w.last.outgoing()
	for _, key := range []string{keyRange, keyReserved} {
		if w.first.knobs[key].value != w.last.knobs[key].value {
			err = cmp.Or(err, fmt.Errorf("%s was changed meanwhile", key))
		}
	}
	return err
}
