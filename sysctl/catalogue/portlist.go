package catalogue

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// portRange is the ports from first to last, both included.
type portRange struct{ first, last int64 }

// portList is sorted, and its ranges neither overlap nor touch.
type portList []portRange

// parsePorts reads a list of ports as the kernel does (proc_do_large_bitmap): "8080,9000-9010", with commas and no
// spaces inside; "" is the empty list.
func parsePorts(s string) (portList, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return nil, nil
	}
	var list portList
	for item := range strings.SplitSeq(s, ",") {
		first, last, isRange := strings.Cut(item, "-")
		if !isRange {
			last = first
		}
		a, errFirst := parsePort(first)
		b, errLast := parsePort(last)
		if errFirst != nil || errLast != nil || a > b {
			return nil, fmt.Errorf("%q is no port list: want ports of 0 to 65535 and ranges of them, as in 8080,9000-9010", s)
		}
		list = append(list, portRange{a, b})
	}
	return merge(list), nil
}

func parsePort(s string) (int64, error) {
	n, err := parseInteger(s)
	if err != nil || n < 0 || n > 65535 {
		return 0, strconv.ErrRange
	}
	return n, nil
}

// merge sorts list and joins the ranges that overlap or touch.
func merge(list portList) portList {
	slices.SortFunc(list, func(a, b portRange) int { return int(a.first - b.first) })
	var out portList
	for _, r := range list {
		if n := len(out); n > 0 && r.first <= out[n-1].last+1 {
			out[n-1].last = max(out[n-1].last, r.last)
			continue
		}
		out = append(out, r)
	}
	return out
}

// String is the list as the kernel prints it.
func (l portList) String() string {
	var b strings.Builder
	for i, r := range l {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(r.first, 10))
		if r.last > r.first {
			b.WriteByte('-')
			b.WriteString(strconv.FormatInt(r.last, 10))
		}
	}
	return b.String()
}
