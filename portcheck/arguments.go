package portcheck

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
)

// wrong says what is wrong with a port on the command line, and what would be right.
type wrong struct{ problem, hint string }

// ParseRanges reads the ports of a command line: "8080", "9000-9010", "http", each with "tcp/" or "udp/" before it or
// "/tcp" or "/udp" behind it; "8080" alone means that port of all of protocols. What overlaps or touches is joined, and
// the result is in order. The error is a mistake in the usage.
func ParseRanges(args []string, protocols []Protocol, services Services) ([]Range, error) {
	var all []Range
	for _, arg := range args {
		text, of := cutProtocol(arg, protocols)
		for _, protocol := range of {
			r, wrong := parseRange(text, protocol, services)
			if wrong != nil {
				// "ntp" is known for UDP only: with --all that is no mistake.
				if len(of) > 1 && isName(text) && knownElsewhere(text, protocol, of, services) {
					continue
				}
				return nil, report.Usage(fmt.Sprintf("cannot read port %q: %s", arg, wrong.problem), wrong.hint)
			}
			all = append(all, r)
		}
	}
	return join(all), nil
}

// cutProtocol takes the protocol from an argument, if it names one.
func cutProtocol(arg string, otherwise []Protocol) (string, []Protocol) {
	for _, p := range []Protocol{TCP, UDP} {
		if rest, ok := strings.CutPrefix(arg, string(p)+"/"); ok {
			return rest, []Protocol{p}
		}
		if rest, ok := strings.CutSuffix(arg, "/"+string(p)); ok {
			return rest, []Protocol{p}
		}
	}
	// ":8080", as it stands in an address.
	if rest, ok := strings.CutPrefix(arg, ":"); ok && isNumber(rest) {
		return rest, otherwise
	}
	return arg, otherwise
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
	if err != nil || n == 0 {
		return 0, &wrong{problem: "ports go from 1 to 65535"}
	}
	return uint16(n), nil
}

func parseName(name string, protocol Protocol, services Services) (Range, *wrong) {
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
		_, ok := services.Lookup(p, name)
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
