package diagnose

import (
	"math"
	"slices"
	"strings"
)

// Spread is how a figure is spread over the connections: how many of them lie in each band. Bands has one bound more than
// there are bands.
type Spread struct {
	Of     string // "rtt", "min-rtt", "sent", "received", "window-limited", "buffer-limited", "application-limited"
	Bands  []float64
	Counts []int
}

// scale says where the bands of a figure lie.
type scale int

const (
	halfOctaves scale = iota // from one to the next times the root of 2: microseconds, bytes in a second
	twentieths               // of a share
)

// spread counts while one connection after the other is seen. It takes the same room for any number of them.
type spread struct {
	scale  scale
	counts []int
}

func (s *spread) add(v float64) {
	at := 0
	switch {
	case s.scale == twentieths:
		at = min(int(20*max(v, 0)), 19)
	case v >= 1:
		at = min(int(2*math.Log2(v)), 79) // more than anything that is measured
	}
	for len(s.counts) <= at {
		s.counts = append(s.counts, 0)
	}
	s.counts[at]++
}

func (s *spread) bound(i int) float64 {
	if s.scale == twentieths {
		return float64(i) / 20
	}
	return math.Exp2(float64(i) / 2)
}

// told is the part of the scale in which there is something.
func (s *spread) told(of string) Spread {
	first := max(slices.IndexFunc(s.counts, func(n int) bool { return n > 0 }), 0)
	if s.scale == twentieths {
		first = 0
	}
	t := Spread{Of: of, Counts: append([]int{}, s.counts[min(first, len(s.counts)):]...)}
	for i := range len(t.Counts) + 1 {
		t.Bands = append(t.Bands, s.bound(first+i))
	}
	return t
}

// spreads are all figures that are told of.
type spreads struct{ rtt, least, sent, received, window, buffer, program spread }

func newSpreads() *spreads {
	share := spread{scale: twentieths}
	return &spreads{window: share, buffer: share, program: share}
}

func (s *spreads) told() (all []Spread) {
	for _, f := range []struct {
		name string
		of   *spread
	}{
		{"rtt", &s.rtt},
		{"min-rtt", &s.least},
		{"sent", &s.sent},
		{"received", &s.received},
		{"window-limited", &s.window},
		{"buffer-limited", &s.buffer},
		{"application-limited", &s.program},
	} {
		if f.of.counts != nil {
			all = append(all, f.of.told(f.name))
		}
	}
	return all
}

// Service is where the time went that the connections of a service had for sending.
type Service struct {
	Name                 string
	Connections, Sending int
	Spent                []Share // in the order of the causes
}

// Share is a part of that time.
type Share struct {
	By   string // the rule that it counts for, or "network"
	Part float64
}

// mostServices are told of: those that had most time.
const mostServices = 50

func (c *census) spent(unitOf func(uint64) string) (all []Service) {
	for _, of := range c.services(unitOf) {
		g := of.group
		if g.total <= 0 {
			continue
		}
		s := Service{Name: of.name, Connections: g.connections, Sending: g.active}
		for by, name := range []string{
			byProgram: "application", byWindow: "receive-window", byPeer: "slow-reader", byBuffer: "send-buffer", byLoss: "loss",
			byQueue: "bufferbloat", byBlackHole: "pmtu", byPath: "network",
		} {
			s.Spent = append(s.Spent, Share{name, share(g.spent[by], g.total)})
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b Service) int {
		if a.Sending != b.Sending {
			return b.Sending - a.Sending
		}
		return strings.Compare(a.Name, b.Name)
	})
	return all[:min(len(all), mostServices)]
}
