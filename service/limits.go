package service

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// limitKinds are the limits that tcptune-server has, as in its --help, and what their values look like.
func limitKinds() map[string]string {
	const count, rate, duration, networks, share = "count", "rate", "duration", "networks", "share"
	return map[string]string{
		"max-conns":     count,
		"queue":         count,
		"queue-timeout": duration,
		"accept-rate":   rate,
		"accept-burst":  count,
		"client-rate":   rate,
		"client-burst":  count,
		"client-conns":  count,
		"proxy-from":    networks,
		"idle-timeout":  duration,
		"read-timeout":  duration,
		"write-timeout": duration,
		"min-rate":      rate,
		"total-timeout": duration,
		"max-line":      count,
		"max-frame":     count,
		"max-output":    count,
		"max-input":     count,

		"upstream-conns":   count,
		"upstream-wait":    duration,
		"upstream-connect": duration,
		"upstream-timeout": duration,
		"upstream-idle":    duration,
		"upstream-life":    duration,
		"breaker-failures": count,
		"breaker-share":    share,
		"breaker-least":    count,
		"breaker-open":     duration,
	}
}

// LimitNames are the limits that a service of the bundled server may have, sorted.
func LimitNames() []string { return slices.Sorted(maps.Keys(limitKinds())) }

func checkLimits(limits []Limit) error {
	kinds := limitKinds()
	for i, l := range limits {
		kind, known := kinds[l.Name]
		same := func(other Limit) bool { return other.Name == l.Name }
		switch {
		case !known:
			return fmt.Errorf("cannot use the limit %q: tcptune-server has no such limit%s", l.Name,
				meant(l.Name, LimitNames()))
		case slices.ContainsFunc(limits[:i], same):
			return fmt.Errorf("cannot use --%s twice", l.Name)
		case !fits(kind, l.Value):
			return fmt.Errorf("cannot use --%s %q: want %s", l.Name, l.Value, example(kind))
		}
	}
	return nil
}

func fits(kind, value string) bool {
	switch kind {
	case "duration":
		d, err := time.ParseDuration(value)
		return err == nil && d >= 0 && !strings.HasPrefix(value, "+")
	case "share":
		return regexp.MustCompile(`^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$`).MatchString(value)
	case "networks":
		_, err := parseNetworks(value)
		return err == nil
	case "rate":
		value = strings.TrimSuffix(value, "/s")
	}
	return regexp.MustCompile(`^(0|[1-9][0-9]{0,17})$`).MatchString(value)
}

func example(kind string) string {
	switch kind {
	case "duration":
		return "a number and a unit, as in 60s"
	case "share":
		return "a number from 0 to 1"
	case "networks":
		return "networks with commas between them, as in 10.0.0.0/8,2001:db8::/32"
	case "rate":
		return "a number in a second, as in 1000/s"
	}
	return "a number"
}
