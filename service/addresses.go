package service

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// Addresses are those of TCP that the sockets of s listen on, to be asked whether they are free. One without an IP
// stands for all addresses.
func (s Spec) Addresses() (all []netip.AddrPort, err error) {
	all, err = s.overIP(false)
	if s.bundled() {
		all = append(all, s.Admin)
	}
	return all, err
}

// Datagrams are the addresses of UDP that s listens on, as [Spec.Addresses].
func (s Spec) Datagrams() ([]netip.AddrPort, error) { return s.overIP(true) }

// Rivals says for each address of s that another service is to listen on as well, that the host opens only one of them.
func (s Spec) Rivals(others []Spec) (lines []string, err error) {
	for _, other := range others {
		if other.Name == s.Name {
			continue
		}
		for _, udp := range []bool{false, true} {
			shared, err := s.shares(other, udp)
			if err != nil {
				return nil, err
			}
			lines = append(lines, shared...)
		}
		for _, path := range s.Listen {
			if isUnix(path) && slices.Contains(other.Listen, path) {
				lines = append(lines, fmt.Sprintf("%s is that of the service %s as well: "+
					"the second of the two to open it takes it from the first", path, other.Name))
			}
		}
	}
	return lines, nil
}

// shares says which ports of s another service has as well, of TCP or of UDP.
func (s Spec) shares(other Spec, udp bool) (lines []string, err error) {
	kind, addresses := "", Spec.Addresses
	if udp {
		kind, addresses = "UDP ", Spec.Datagrams
	}
	mine, err := addresses(s)
	if err != nil {
		return nil, err
	}
	theirs, err := addresses(other)
	if err != nil {
		return nil, err
	}
	for _, a := range mine {
		port := strconv.Itoa(int(a.Port()))
		apart := s.kindsApart(port, udp) || other.kindsApart(port, udp)
		if slices.ContainsFunc(theirs, func(b netip.AddrPort) bool { return clash(a, b, apart) }) {
			lines = append(lines, fmt.Sprintf("%sport %d is that of the service %s as well: "+
				"only the first of the two can open it at boot", kind, a.Port(), other.Name))
		}
	}
	return lines, nil
}

// Units are all that s may have.
func (s Spec) Units() []string { return unitsOf(s.Name, s.Sockets()) }

// Own reports whether a unit belongs to the service: what it holds is no obstacle.
func (s Spec) Own(unit string) bool {
	return slices.Contains(s.Units(), unit)
}

// Starts reports whether changes open a socket, which must be free then.
func Starts(changes []plan.Change) bool {
	return slices.ContainsFunc(changes, func(c plan.Change) bool {
		return c.Writes() && c.Kind == report.Unit && strings.HasSuffix(c.Target, ".socket") && c.After != nil &&
			*c.After != plan.Inactive
	})
}
