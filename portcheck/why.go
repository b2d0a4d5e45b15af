package portcheck

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// Why says what else is to be known of ports that nobody holds here, one line each: that the kernel keeps them from
// clients, that a container engine sends them elsewhere without a process, that another network namespace holds them.
func (v *View) Why(ctx context.Context, s Survey) (lines []string) {
	free := s.freeRanges()
	if len(free) == 0 || len(v.namespaces) != 1 || v.namespaces[0].Name != "" {
		return nil
	}
	lines = append(lines, v.otherwise(ctx, s, free)...)
	lines = append(lines, v.reserved(free)...)
	lines = append(lines, v.translated(ctx, free)...)
	return append(lines, v.elsewhere(free)...)
}

// freeRanges are the ports of s that no socket holds.
func (s Survey) freeRanges() []Range {
	var sockets []Socket
	for _, h := range s.Holders {
		if h.Protocol == TCP {
			sockets = append(sockets, h.Socket)
		}
	}
	free := unheld(s.Ranges, sockets)
	for _, r := range s.Ranges {
		if r.Protocol == UDP && r.Low == r.High && !s.holds(UDP, r.Low) {
			free = append(free, r)
		}
	}
	return free
}

func (s Survey) holds(protocol Protocol, port uint16) bool {
	for _, h := range s.Holders {
		if h.Protocol == protocol && h.Port() == port {
			return true
		}
	}
	return false
}

// otherwise says what else the number of a port may have been meant for: UDP, where TCP was asked, or a process.
func (v *View) otherwise(ctx context.Context, s Survey, free []Range) (lines []string) {
	for _, r := range free {
		if r.Protocol != TCP || r.Low != r.High {
			continue
		}
		udp := Query{Ranges: []Range{{UDP, r.Low, r.High}}, At: s.At}
		asked := slices.ContainsFunc(s.Ranges, func(q Range) bool { return q.Has(UDP, r.Low) })
		if held, err := v.Held(udp); err == nil && len(held) > 0 && !asked {
			lines = append(lines, fmt.Sprintf("udp/%d is held: tcptune port udp/%d shows by whom", r.Low, r.Low))
		}
		if p, err := Details(ctx, int(r.Low)); err == nil && p.Pid > 1 {
			lines = append(lines, fmt.Sprintf("%d is also the PID of %s: tcptune port looks for ports alone", p.Pid, p.Name))
		}
	}
	return lines
}

// reserved names the single ports that were asked for and that net.ipv4.ip_local_reserved_ports keeps.
func (v *View) reserved(free []Range) (lines []string) {
	list, err := v.host.ReadKnob("net.ipv4.ip_local_reserved_ports")
	if err != nil || strings.TrimSpace(list) == "" {
		return nil
	}
	for part := range strings.SplitSeq(strings.TrimSpace(list), ",") {
		var low, high uint16
		if n, _ := fmt.Sscanf(part, "%d-%d", &low, &high); n == 1 {
			high = low
		}
		for _, r := range free {
			if r.Low == r.High && low <= r.Low && r.Low <= high {
				lines = append(
					lines,
					fmt.Sprintf(
						"%s is reserved in net.ipv4.ip_local_reserved_ports: no client gets it by itself, a server may bind it",
						r,
					),
				)
			}
		}
	}
	return lines
}

// translated names the containers whose engine sends a port to them by a NAT rule, without a process that holds it.
func (v *View) translated(ctx context.Context, free []Range) (lines []string) {
	for _, e := range v.host.Engines() {
		containers, err := e.Containers(ctx)
		if err != nil {
			continue // an engine that is not allowed to be asked is no news about a free port
		}
		for _, c := range containers {
			for _, p := range c.Ports {
				for _, r := range free {
					if r.Has(Protocol(p.Protocol), p.HostPort) {
						lines = append(lines, natLine(e, c, p))
					}
				}
			}
		}
	}
	return lines
}

func natLine(e host.Engine, c host.EngineContainer, p host.Published) string {
	return fmt.Sprintf(
		"%s/%d is sent to container %s/%s by a NAT rule, without a process that holds it: %s stop %s ends that",
		p.Protocol,
		p.HostPort,
		e.Name,
		c.Name,
		e.Name,
		c.Name,
	)
}

// elsewhere names other network namespaces in which the ports are held. There they are in nobody's way here.
func (v *View) elsewhere(free []Range) (lines []string) {
	if !v.host.IsRoot() {
		return nil
	}
	namespaces, err := FindNamespaces(v.host, "all")
	if err != nil {
		return nil
	}
	for i := range namespaces {
		n := &namespaces[i]
		if n.Name != "" {
			if snap, err := n.Sockets(free, false); err == nil && len(snap.Sockets) > 0 {
				s := snap.Sockets[0]
				lines = append(
					lines,
					fmt.Sprintf(
						"%s/%d is held in another network namespace, which is in nobody's way here: --netns %s shows it",
						s.Protocol,
						s.Port(),
						n.Name,
					),
				)
			}
		}
		_ = n.Close()
	}
	return lines
}
