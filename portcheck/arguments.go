package portcheck

import (
	"cmp"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/tcptune/tcptune/internal/report"
)

// wrong says what is wrong with a port on the command line, and what would be right.
type wrong struct{ problem, hint string }

// ParseRanges reads the ports of a command line: "8080", "9000-9010", "http", several of them parted by commas or blanks,
// each with "tcp/" or "udp/" before it or "/tcp" or "/udp" behind it; "8080" alone means that port of all of protocols.
// "127.0.0.1:8080", "[::1]:8080", "localhost:8080" and a URL name an address as well, see [Query]; it is one for all
// ports. "tcp4" and "udp6" name a family. What overlaps or touches is joined, and the result is in order. The error
// is a mistake in the usage.
func ParseRanges(args []string, protocols []Protocol, services Services) (ranges []Range, at []netip.Addr, err error) {
	var all []Range
	first := true
	for _, arg := range split(args) {
		fail := func(w *wrong) error {
			return report.Usage(fmt.Sprintf("cannot read port %q: %s", arg, w.problem), w.hint)
		}
		text, t, bad := cutTransport(arg, protocols, services)
		if bad != nil {
			return nil, nil, fail(bad)
		}
		text, addresses, bad := cutAddress(text, t.family)
		if bad != nil {
			return nil, nil, fail(bad)
		}
		if !first && !slices.Equal(at, addresses) {
			return nil, nil, fail(&wrong{"it is at another address than the port before it", "ask for one address at a time"})
		}
		first, at = false, addresses
		for _, protocol := range t.of {
			r, bad := parseRange(text, protocol, services)
			if bad != nil {
				// "ntp" is known for UDP only: with --all that is no mistake.
				if len(t.of) > 1 && isName(text) && knownElsewhere(text, protocol, t.of, services) {
					continue
				}
				return nil, nil, fail(bad)
			}
			all = append(all, r)
		}
	}
	if all == nil {
		return nil, nil, report.Usage("cannot read the ports: none is named", "8080, 9000-9010, http, udp/53")
	}
	return join(all), at, nil
}

// split parts lists: "8080,8081" and "8080 8081" are two ports each.
func split(args []string) (parts []string) {
	for _, arg := range args {
		fields := strings.FieldsFunc(arg, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
		if len(fields) == 0 {
			fields = []string{arg} // which is a mistake, and named
		}
		parts = append(parts, fields...)
	}
	return parts
}

// cutAddress takes the address from "127.0.0.1:8080", "[::1]:8080" or "*:8080", and says which of them a family leaves.
// Names of hosts are not looked up: another machine's port is none of this one.
func cutAddress(text string, family Family) (port string, at []netip.Addr, bad *wrong) {
	host, port, found := cutPort(text)
	if !found {
		return text, family.all(), nil
	}
	if _, isPort := parsePort(host); isPort == nil && host != "" {
		return "", nil, &wrong{"two ports, as a container engine maps them?", "one port, " + port + " for instance, or a range, 9000-9010"}
	}
	name, err := os.Hostname()
	switch lower := strings.ToLower(strings.TrimSuffix(host, ".")); {
	case lower == "", lower == "*", err == nil && lower == strings.ToLower(name):
		return port, family.all(), nil
	case lower == "localhost":
		both := []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()}
		return port, slices.DeleteFunc(both, family.lacks), nil
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	address = address.Unmap()
	switch {
	case err != nil:
		return "", nil, &wrong{"names of hosts are not looked up, and this is not that of this one", "only the port, or an address of this host before it"}
	case family.lacks(address):
		return "", nil, &wrong{fmt.Sprintf("%s is no address of IPv%s", address, family), "tcp or udp alone takes both"}
	case address == netip.IPv6Unspecified() && family == "": // which servers bind for IPv4 as well
		return port, nil, nil
	}
	return port, []netip.Addr{address}, nil
}

// cutPort parts an address from its port at the last colon, where that is not one of an IPv6 address.
func cutPort(text string) (host, port string, found bool) {
	i := strings.LastIndexByte(text, ':')
	if i < 0 || strings.Contains(text[:i], ":") && !strings.HasPrefix(text, "[") || strings.HasSuffix(text, "]") {
		return "", "", false
	}
	return text[:i], text[i+1:], true
}

func parseRange(text string, protocol Protocol, services Services) (Range, *wrong) {
	if isName(text) {
		return parseName(text, protocol, services)
	}
	lowText, highText, isRange := strings.Cut(text, "-")
	low, err := parsePort(lowText)
	if err != nil {
		return Range{}, err
	}
	high := low
	if isRange {
		if high, err = parsePort(highText); err != nil {
			return Range{}, err
		}
	}
	if low > high {
		return Range{}, &wrong{problem: fmt.Sprintf("%d is above %d", low, high), hint: fmt.Sprintf("%d-%d", high, low)}
	}
	return Range{protocol, low, high}, nil
}

// isName reports whether text has a letter, and so is no number or range.
func isName(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' })
}

func isNumber(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}

func parsePort(text string) (uint16, *wrong) {
	switch {
	case text == "":
		return 0, &wrong{problem: "a number is missing"}
	case !isNumber(text):
		return 0, &wrong{
			problem: "it is neither a number, nor a range, nor the name of a service",
			hint:    "8080, 9000-9010, http, udp/53",
		}
	case text[0] == '0' && len(text) > 1:
		return 0, &wrong{problem: "it begins with 0", hint: strings.TrimLeft(text, "0")}
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, &wrong{problem: "ports go from 1 to 65535", hint: "a PID is no port: ps " + text + " shows that process, if it is one"}
	}
	if n == 0 {
		return 0, &wrong{problem: "ports go from 1 to 65535"}
	}
	return uint16(n), nil
}

func parseName(name string, protocol Protocol, services Services) (Range, *wrong) {
	name = strings.ToLower(name)
	if port, ok := services.Lookup(protocol, name); ok {
		return Range{protocol, port, port}, nil
	}
	for _, other := range []Protocol{TCP, UDP} {
		if _, ok := services.Lookup(other, name); ok {
			return Range{}, &wrong{
				problem: fmt.Sprintf("/etc/services has %s for %s only", name, other),
				hint:    string(other) + "/" + name,
			}
		}
	}
	return Range{}, &wrong{problem: "/etc/services has no such service", hint: "a number always works"}
}

func knownElsewhere(name string, not Protocol, protocols []Protocol, services Services) bool {
	return slices.ContainsFunc(protocols, func(p Protocol) bool {
		_, ok := services.Lookup(p, strings.ToLower(name))
		return p != not && ok
	})
}

// join sorts ranges and makes one of those that overlap or touch.
func join(ranges []Range) (joined []Range) {
	slices.SortFunc(ranges, func(a, b Range) int {
		return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Low, b.Low))
	})
	for _, r := range ranges {
		if n := len(joined) - 1; n >= 0 && joined[n].Protocol == r.Protocol && int(r.Low) <= int(joined[n].High)+1 {
			joined[n].High = max(joined[n].High, r.High)
			continue
		}
		joined = append(joined, r)
	}
	return joined
}
