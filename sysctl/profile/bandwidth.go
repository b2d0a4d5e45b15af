package profile

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseBandwidth reads a rate with its unit, in bit/s: "10gbit", "2.5Gbit/s", "800mbit". The units are those of tc(8);
// its "bps", which means bytes per second there and bits elsewhere, is refused.
func ParseBandwidth(s string) (int64, error) {
	fail := func(why string) (int64, error) {
		return 0, fmt.Errorf("cannot read bandwidth %q: %s", s, why)
	}
	text := strings.ToLower(strings.TrimSpace(s))
	if strings.HasSuffix(text, "bps") {
		return fail("bps means bits to some and bytes to others, write gbit or mbit")
	}
	text, isRate := strings.CutSuffix(strings.TrimSuffix(text, "/s"), "bit")
	if !isRate {
		return fail("want a number and kbit, mbit or gbit, as in 10gbit")
	}
	factor := 1.0
	for _, u := range []struct {
		prefix string
		factor float64
	}{{"k", 1e3}, {"m", 1e6}, {"g", 1e9}, {"t", 1e12}} {
		if number, ok := strings.CutSuffix(text, u.prefix); ok {
			text, factor = number, u.factor
			break
		}
	}
	text = strings.TrimSpace(text)
	if strings.Trim(text, "0123456789.") != "" {
		return fail("want a number and kbit, mbit or gbit, as in 10gbit")
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return fail("want a number and kbit, mbit or gbit, as in 10gbit")
	}
	rate := math.Round(n * factor)
	if rate < 1e3 || rate > 1e13 {
		return fail("want 1kbit to 10tbit")
	}
	return int64(rate), nil
}

// ParseRTT reads a round-trip time with its unit: "80ms", "250us", "1.2s".
func ParseRTT(s string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.TrimSpace(s))
	if err != nil {
		return 0, fmt.Errorf("cannot read round-trip time %q: want a number and a unit, as in 80ms", s)
	}
	if d < time.Microsecond || d > time.Minute {
		return 0, fmt.Errorf("cannot read round-trip time %q: want 1us to 60s", s)
	}
	return d, nil
}

// formatRate is the inverse of ParseBandwidth: "10 Gbit/s".
func formatRate(bitsPerSecond int64) string {
	for _, u := range []struct {
		factor int64
		name   string
	}{{1e12, "Tbit/s"}, {1e9, "Gbit/s"}, {1e6, "Mbit/s"}, {1e3, "kbit/s"}} {
		if bitsPerSecond >= u.factor {
			return strconv.FormatFloat(float64(bitsPerSecond)/float64(u.factor), 'g', 6, 64) + " " + u.name
		}
	}
	return strconv.FormatInt(bitsPerSecond, 10) + " bit/s"
}

// formatBytes writes n with its binary unit: "95.4 MiB".
func formatBytes(n int64) string {
	for _, u := range []struct {
		shift int
		name  string
	}{{40, "TiB"}, {30, "GiB"}, {20, "MiB"}, {10, "KiB"}} {
		if n >= 1<<u.shift {
			return strconv.FormatFloat(math.Round(float64(n)/float64(int64(1)<<u.shift)*10)/10, 'f', -1, 64) + " " + u.name
		}
	}
	return strconv.FormatInt(n, 10) + " bytes"
}
