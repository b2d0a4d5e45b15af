package report

import (
	"fmt"
	"strconv"
)

// Took is a time in microseconds as people read it.
func Took(us float64) string {
	switch {
	case us >= 1e6:
		return fmt.Sprintf("%.2f s", us/1e6)
	case us >= 1e3:
		return fmt.Sprintf("%.1f ms", us/1e3)
	}
	return fmt.Sprintf("%.0f us", us)
}

// Thousands is a number with its thousands apart.
func Thousands(n float64) string {
	if n < 100 {
		return strconv.FormatFloat(n, 'f', 1, 64)
	}
	digits := strconv.FormatFloat(n, 'f', 0, 64)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// Bits is a rate of bytes as networks name it.
func Bits(bytes float64) string {
	rate := bytes * 8
	for _, unit := range []string{"bit/s", "kbit/s", "Mbit/s"} {
		if rate < 1000 {
			return fmt.Sprintf("%.1f %s", rate, unit)
		}
		rate /= 1000
	}
	return fmt.Sprintf("%.2f Gbit/s", rate)
}
