package portcheck

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

// Act is one step of freeing ports. It is data: [Free] carries it out.
type Act struct {
	report.Change
	Ports  []string // "tcp/8080": what it is for
	Others []string // ports that it closes as well
	Maybe  []string // of a signal: ports that it may close as well
	Deaf   string   // of a signal: that the process takes no notice of it, and what comes of that

	takes []unitName // of a unit: those that systemd stops with it

	Pid       int           // of a signal
	Holds     []hold        // of a signal: what the process must still hold
	unit      unitName      // of a unit
	store     bool          // of a unit: its file descriptor store has the socket
	container contained     // of a container
	socket    Socket        // of a connection
	settle    time.Duration // how long whoever watches over the process may take to start it again
	shell     int           // of a signal: the shell that has started the process, see restarter
	watched   watched       // of a signal: who might start the process again
	startedBy []string      // of a unit: the paths and timers that would start it again
	rule      string        // why this, and nothing else
}

func (a Act) rank() int {
	switch {
	case a.Status == report.Refused:
		return 0
	case a.Kind == report.Unit && !strings.HasSuffix(a.Target, ".service"): // what would start a service
		return 1
	case a.Kind == report.Unit:
		return 2
	case a.Kind == report.Container:
		return 3
	}
	return 4
}

// add joins acts on the same target.
func add(acts []Act, a Act) []Act {
	for i := range acts {
		if b := &acts[i]; b.Kind == a.Kind && b.Target == a.Target && b.unit == a.unit && b.Status == a.Status &&
			b.Reason == a.Reason {
			for _, port := range a.Ports {
				if !slices.Contains(b.Ports, port) {
					b.Ports = append(b.Ports, port)
				}
			}
			b.Holds = append(b.Holds, a.Holds...)
			b.Why = "holds " + strings.Join(b.Ports, ", ")
			return acts
		}
	}
	return append(acts, a)
}

func actOn(kind report.Kind, target, before, after string, h Holder) Act {
	a := Act{Ports: []string{h.target()}}
	a.Change = report.Change{
		Kind:   kind,
		Target: target,
		Before: &before,
		After:  &after,
		Status: report.Planned,
		Source: source,
		Why:    "holds " + h.target(),
	}
	return a
}

// refusal is an act that is not done. Its target is the process, or the port where there is none.
func refusal(h Holder, o Owner, reason string) Act {
	a := actOn(report.Signal, h.target(), "", "", h)
	a.Before, a.After = nil, nil
	if o.Pid > 0 {
		a.Target, a.Pid = strconv.Itoa(o.Pid), o.Pid
		name := o.Process.Name
		a.Before = &name
	}
	a.Status, a.Reason = report.Refused, reason
	return a
}

func guarded(h Holder, o Owner, g *guard) Act {
	reason := fmt.Sprintf("%s is not stopped for a port: %s; %s", o.Process.Name, g.what, g.instead)
	if g.force {
		reason += "; --force stops it all the same"
	}
	return refusal(h, o, reason)
}

// dropCovered drops the signals to processes that stopping a unit or a container ends anyway.
func dropCovered(acts []Act, s Survey) []Act {
	covered := map[int]bool{}
	for _, h := range s.Holders {
		for _, o := range h.Owners {
			name, ok := unitOf(o.Process.Cgroup)
			for _, a := range acts {
				if a.Status != report.Planned {
					continue
				}
				in := o.Process.Cgroup.Container.ID
				if a.Kind == report.Unit && ok && a.unit == name || a.Kind == report.Container && in != "" && a.container.id == in {
					covered[o.Pid] = true
				}
			}
		}
	}
	return slices.DeleteFunc(
		acts,
		func(a Act) bool { return a.Kind == report.Signal && a.Status == report.Planned && covered[a.Pid] },
	)
}

// keepHeldPorts refuses what would be in vain, since another holder of the same port is refused.
func keepHeldPorts(acts []Act) {
	stays := map[string]Act{}
	for _, a := range acts {
		if a.Status == report.Refused {
			for _, port := range a.Ports {
				stays[port] = a
			}
		}
	}
	for i := range acts {
		a := &acts[i]
		if a.Status != report.Planned ||
			slices.ContainsFunc(a.Ports, func(port string) bool { _, kept := stays[port]; return !kept }) {
			continue
		}
		other := stays[a.Ports[0]]
		a.Status, a.Reason = report.Refused, fmt.Sprintf("%s would stay held by %s", a.Ports[0], other.holderName())
	}
}

func (a Act) holderName() string {
	if a.Pid > 0 && a.Before != nil {
		return fmt.Sprintf("%s (pid %d)", *a.Before, a.Pid)
	}
	return a.Target
}

// Programs counts what acts are planned against: the workers of one server, which share a port, are one.
func Programs(acts []Act) int {
	seen := map[string]bool{}
	for _, a := range acts {
		if a.Status != report.Planned {
			continue
		}
		what := string(a.Kind) + a.Target
		switch a.Kind {
		case report.Signal:
			what = *a.Before + " on " + a.Ports[0]
		case report.Connection:
			what = "connections on " + a.Ports[0]
		}
		seen[what] = true
	}
	return len(seen)
}
