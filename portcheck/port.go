package portcheck

import "fmt"

// Protocol is a transport protocol whose ports can be asked for.
type Protocol string

// The protocols.
const (
	TCP Protocol = "tcp"
	UDP Protocol = "udp"
)

// Range is a run of ports of one protocol: 1 <= Low <= High <= 65535.
type Range struct {
	Protocol  Protocol
	Low, High uint16
}

// Size is the number of ports in the range.
func (r Range) Size() int { return int(r.High) - int(r.Low) + 1 }

// Has reports whether the range has the port.
func (r Range) Has(protocol Protocol, port uint16) bool {
	return r.Protocol == protocol && r.Low <= port && port <= r.High
}

// String is "tcp/8080" or "tcp/9000-9010".
func (r Range) String() string {
	if r.Low == r.High {
		return fmt.Sprintf("%s/%d", r.Protocol, r.Low)
	}
	return fmt.Sprintf("%s/%d-%d", r.Protocol, r.Low, r.High)
}

func sizeOf(ranges []Range) (ports int) {
	for _, r := range ranges {
		ports += r.Size()
	}
	return ports
}

// unheld returns the TCP ports of ranges that no socket is bound to.
func unheld(ranges []Range, held []Socket) (open []Range) {
	taken := map[uint16]bool{}
	for _, s := range held {
		if s.Protocol == TCP {
			taken[s.Port()] = true
		}
	}
	for _, r := range ranges {
		if r.Protocol != TCP {
			continue
		}
		low := int(r.Low)
		for port := low; port <= int(r.High)+1; port++ {
			if port <= int(r.High) && !taken[uint16(port)] {
				continue
			}
			if low < port {
				open = append(open, Range{TCP, uint16(low), uint16(port - 1)})
			}
			low = port + 1
		}
	}
	return open
}
