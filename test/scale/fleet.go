package main

import (
	"fmt"
	"math/rand/v2"
)

// kind is how a host is.
type kind string

const (
	tuned      kind = "tuned"
	untuned    kind = "untuned"    // nothing was ever applied
	wiped      kind = "wiped"      // our file is gone
	overridden kind = "overridden" // a line of /etc/sysctl.conf, which "sysctl --system" reads last, takes a key away
)

// state is what a host is like: everything else follows from it.
type state struct {
	Name    string
	Release string // a fixture
	Profile string
	Kind    kind
	Files   map[string]string // files that somebody has written, below /etc/sysctl.d, about other keys
	Figures map[string]float64
}

func name(i int) string { return fmt.Sprintf("host%05d", i) }

// draw makes n states, the same for the same seed: 92 of 100 are as wanted.
func draw(seed uint64, n int) []state {
	r := rand.New(rand.NewPCG(seed, 0))
	one := func(of ...string) string { return of[r.IntN(len(of))] }
	fleet := make([]state, n)
	for i := range fleet {
		s := state{
			Name: name(i), Release: one("ubuntu-22.04", "ubuntu-24.04", "ubuntu-24.04", "ubuntu-26.04"),
			Profile: one("server", "server", "server", "proxy", "latency"), Kind: tuned, Files: map[string]string{},
		}
		switch p := r.IntN(100); {
		case p < 3:
			s.Kind = untuned
		case p < 6:
			s.Kind = wiped
		case p < 8:
			s.Kind = overridden
		}
		if all := []kind{tuned, untuned, wiped, overridden}; i < len(all) { // also a small fleet has each
			s.Kind = all[i]
		}
		for range r.IntN(5) {
			file := fmt.Sprintf("%02d-%s.conf", 30+r.IntN(60), one("app", "db", "vendor", "security", "k8s"))
			s.Files[file] = fmt.Sprintf("# of an administrator\n"+
				"vm.swappiness = %d\nnet.ipv4.neigh.default.gc_thresh3 = %d\nkernel.pid_max = %d\n",
				r.IntN(100), 1024<<r.IntN(6), 32768<<r.IntN(4))
		}
		s.Figures = map[string]float64{
			"tcptune_listen_overflows_total": float64(r.IntN(10)), "tcptune_listen_drops_total": float64(r.IntN(10)),
			"tcptune_softnet_dropped_total": float64(r.IntN(1000)), "tcptune_conntrack_entries": float64(r.IntN(100000)),
			"tcptune_conntrack_entries_limit": 262144, "tcptune_time_wait_sockets": float64(r.IntN(60000)),
			"tcptune_time_wait_sockets_limit": 262144, "tcptune_orphan_sockets": float64(r.IntN(100)),
			"tcptune_ephemeral_ports": 28232, "tcptune_ephemeral_ports_busiest": float64(r.IntN(20000)),
			"tcptune_listeners": float64(r.IntN(40)),
		}
		fleet[i] = s
	}
	return fleet
}
