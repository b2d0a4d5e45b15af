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

// Rivals says for each address of s that another service is to listen on as well, that the host opens only one of them.
func (s Spec) Rivals(others []Spec) (lines []string, err error) {
	mine, err := s.Addresses()
	if err != nil {
		return nil, err
	}
	for _, other := range others {
		if other.Name == s.Name {
			continue
		}
		theirs, err := other.Addresses()
		if err != nil {
			return nil, err
		}
		for _, a := range mine {
			port := strconv.Itoa(int(a.Port()))
			apart := s.kindsApart(port, false) || other.kindsApart(port, false)
			if slices.ContainsFunc(theirs, func(b netip.AddrPort) bool { return clash(a, b, apart) }) {
				lines = append(lines, fmt.Sprintf("port %d is that of the service %s as well: "+
					"only the first of the two can open it at boot", a.Port(), other.Name))
			}
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
