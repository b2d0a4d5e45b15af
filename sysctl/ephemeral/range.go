// Package ephemeral knows the ports for outgoing connections of a host, and who else counts on a port among them: a
// program that listens on one finds it taken by a passing connection when it starts, and a NodePort of Kubernetes goes
// to the wrong one. What is reserved, the kernel does not choose. Who plans asks it, and who checks.
package ephemeral

import (
	"fmt"
	"strings"

	"github.com/tcptune/tcptune/sysctl/catalogue"
)

// The keys that make the range.
const (
	RangeKey    = "net.ipv4.ip_local_port_range"
	ReservedKey = "net.ipv4.ip_local_reserved_ports"
)

// Range is the ports from Low to High but those that are reserved.
type Range struct {
	Low, High int
	Reserved  string // as ip_local_reserved_ports has it
	ports     catalogue.Key
}

// New makes a range of the values of both keys.
func New(cat *catalogue.Catalogue, ports, reserved string) (r Range, err error) {
	if r.ports, err = cat.Lookup(ReservedKey); err != nil {
		return r, err
	}
	if _, err := fmt.Sscan(ports, &r.Low, &r.High); err != nil {
		return r, fmt.Errorf("cannot read %s: %q is no range", RangeKey, ports)
	}
	r.Reserved = r.ports.Normal(reserved)
	return r, r.ports.Validate(reserved)
}

// Claim is ports that somebody counts on.
type Claim struct {
	First, Last int
	By          string // "nginx (nginx.service)"; "" where that is not known
	// Assumed: where the ports are configured is not visible, so that these are only the usual ones.
	Assumed bool
}

// Ports are the ports of c as ip_local_reserved_ports has them.
func (c Claim) Ports() string {
	if c.First == c.Last {
		return fmt.Sprint(c.First)
	}
	return fmt.Sprintf("%d-%d", c.First, c.Last)
}

// String names c: "40000 (nginx)".
func (c Claim) String() string {
	if c.By == "" {
		return c.Ports()
	}
	return c.Ports() + " (" + c.By + ")"
}

// Exposed returns those of claims that lie in the range and are not reserved, cut to what lies in it.
func (r Range) Exposed(claims []Claim) (exposed []Claim) {
	for _, c := range claims {
		c.First, c.Last = max(c.First, r.Low), min(c.Last, r.High)
		if c.First <= c.Last && !r.ports.Satisfies(r.Reserved, c.Ports()) {
			exposed = append(exposed, c)
		}
	}
	return exposed
}

// Reserving is the list that reserves claims besides all that is reserved by now: a write replaces the list.
func (r Range) Reserving(claims []Claim) string {
	list := r.Reserved
	for _, c := range claims {
		list = r.ports.Union(list, c.Ports())
	}
	return list
}

// lowest is the first port above nearly all on which services listen by custom, from 1433 to 9200; profile proxy begins
// there.
const lowest = 10240

// Wide says what is wrong with a range that begins among the ports of services, or "".
func (r Range) Wide() string {
	if r.Low >= lowest {
		return ""
	}
	return fmt.Sprintf("%s begins at %d, among the ports on which services listen: one that is not running now may find "+
		"its port taken when it starts; %s = %d %d leaves them out", RangeKey, r.Low, RangeKey, lowest, r.High)
}

// Names lists claims.
func Names(claims []Claim) string {
	names := make([]string, len(claims))
	for i, c := range claims {
		names[i] = c.String()
	}
	return strings.Join(names, ", ")
}

// Offer says what to do about claims that are exposed.
func (r Range) Offer(exposed []Claim) string {
	return fmt.Sprintf("reserve them, besides what is reserved by now: %s = %s, for instance in "+
		"/etc/sysctl.d/50-reserved-ports.conf", ReservedKey, r.Reserving(exposed))
}
