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
// ports. What overlaps or touches is joined, and the result is in order. The error is a mistake in the usage.
func ParseRanges(args []string, protocols []Protocol, services Services) (ranges []Range, at []netip.Addr, err error) {
	var all []Range
	first := true
	for _, arg := range split(args) {
		fail := func(w *wrong) error {
			return report.Usage(fmt.Sprintf("cannot read port %q: %s", arg, w.problem), w.hint)
		}
		text, of := cutProtocol(arg, protocols)
		text, addresses, bad := cutAddress(text)
		if bad != nil {
			return nil, nil, fail(bad)
		}
		if !first && !slices.Equal(at, addresses) {
			return nil, nil, fail(&wrong{"it is at another address than the port before it", "ask for one address at a time"})
		}
		first, at = false, addresses
		for _, protocol := range of {
			r, bad := parseRange(text, protocol, services)
			if bad != nil {
				// "ntp" is known for UDP only: with --all that is no mistake.
				if len(of) > 1 && isName(text) && knownElsewhere(text, protocol, of, services) {
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

// cutProtocol takes the protocol from an argument, if it names one.
func cutProtocol(arg string, otherwise []Protocol) (string, []Protocol) {
	lower := strings.ToLower(arg)
	for _, p := range []Protocol{TCP, UDP} {
		for _, before := range []string{string(p) + "/", string(p) + ":"} {
			if strings.HasPrefix(lower, before) && !strings.HasPrefix(lower, before+"//") {
				return arg[len(before):], []Protocol{p}
			}
		}
		if behind := "/" + string(p); strings.HasSuffix(lower, behind) && !strings.Contains(arg, "://") {
			return arg[:len(arg)-len(behind)], []Protocol{p}
		}
	}
	return arg, otherwise
}

// cutAddress takes the address from "127.0.0.1:8080", "[::1]:8080", "*:8080" or a URL. Names of hosts are not looked up:
// another machine's port is none of this one.
func cutAddress(text string) (port string, at []netip.Addr, bad *wrong) {
	var host string
	var found bool
	if scheme, rest, isURL := strings.Cut(text, "://"); isURL {
		rest, _, _ = strings.Cut(rest, "?")
		rest, _, _ = strings.Cut(rest, "#")
		rest, _, _ = strings.Cut(rest, "/")
		if i := strings.LastIndexByte(rest, '@'); i >= 0 {
			rest = rest[i+1:]
		}
		if host, port, found = cutPort(rest); !found {
			host, port = rest, strings.ToLower(scheme)
			if known, ok := map[string]string{
				"ws": "80", "wss": "443", "http": "80", "https": "443", "redis": "6379", "rediss": "6379", "postgres": "5432",
				"postgresql": "5432", "mysql": "3306", "mongodb": "27017", "amqp": "5672", "amqps": "5671", "mqtt": "1883",
			}[port]; ok {
				port = known
			}
		}
	} else if host, port, found = cutPort(text); !found {
		return text, nil, nil
	}
	if _, isPort := parsePort(host); isPort == nil && host != "" {
		return "", nil, &wrong{"two ports, as a container engine maps them?", "one port, " + port + " for instance, or a range, 9000-9010"}
	}
	name, err := os.Hostname()
	switch lower := strings.ToLower(strings.TrimSuffix(host, ".")); {
	case lower == "", lower == "*", err == nil && lower == strings.ToLower(name):
		return port, nil, nil
	case lower == "localhost":
		return port, []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()}, nil
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	switch {
	case err != nil:
		return "", nil, &wrong{"names of hosts are not looked up, and this is not that of this one", "only the port, or an address of this host before it"}
	case address.IsUnspecified():
		return port, nil, nil
	}
	return port, []netip.Addr{address.Unmap().WithZone("")}, nil
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
