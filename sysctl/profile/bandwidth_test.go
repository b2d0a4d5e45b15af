package profile

import (
	"testing"
	"time"
)

func TestParseBandwidth(t *testing.T) {
	for in, want := range map[string]int64{
		"10gbit": 10e9, "10Gbit/s": 10e9, " 10 gbit ": 10e9, "2.5gbit": 2500e6, "800mbit": 800e6, "64kbit": 64e3,
		"1000000bit": 1e6, "1tbit": 1e12,
	} {
		if got, err := ParseBandwidth(in); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"10gbps": `cannot read bandwidth "10gbps": bps means bits to some and bytes to others, write gbit or mbit`,
		"10":     `cannot read bandwidth "10": want a number and kbit, mbit or gbit, as in 10gbit`,
		"gbit":   `cannot read bandwidth "gbit": want a number and kbit, mbit or gbit, as in 10gbit`,
		"-1gbit": `cannot read bandwidth "-1gbit": want a number and kbit, mbit or gbit, as in 10gbit`,
		"1e3bit": `cannot read bandwidth "1e3bit": want a number and kbit, mbit or gbit, as in 10gbit`,
		"0gbit":  `cannot read bandwidth "0gbit": want 1kbit to 10tbit`,
		"99tbit": `cannot read bandwidth "99tbit": want 1kbit to 10tbit`,
	} {
		if got, err := ParseBandwidth(in); err == nil || err.Error() != want {
			t.Errorf("%q: got %d, %v\nwant %s", in, got, err, want)
		}
	}
}

func TestParseRTT(t *testing.T) {
	for in, want := range map[string]time.Duration{"80ms": 80 * time.Millisecond, "250us": 250 * time.Microsecond, " 1.2s ": 1200 * time.Millisecond} {
		if got, err := ParseRTT(in); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", in, got, err, want)
		}
	}
	for _, bad := range []string{"", "80", "-1ms", "0s", "1ns", "2m", "far"} {
		if got, err := ParseRTT(bad); err == nil {
			t.Errorf("%q is taken for %v", bad, got)
		}
	}
}

func TestSizesAreShownWithTheirUnit(t *testing.T) {
	for n, want := range map[int64]string{
		1: "1 bytes", 1536: "1.5 KiB", 100e6: "95.4 MiB", 16 << 20: "16 MiB", 1 << 30: "1 GiB",
	} {
		if got := formatBytes(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{10e9: "10 Gbit/s", 2500e6: "2.5 Gbit/s", 64e3: "64 kbit/s", 1e13: "10 Tbit/s"} {
		if got := formatRate(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

func FuzzBandwidth(f *testing.F) {
	for _, s := range []string{"10gbit", "2.5Gbit/s", "1e3bit", "..bit", "10gbps", "InfBit"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := ParseBandwidth(s); err == nil && (n < 1e3 || n > 1e13) {
			t.Errorf("%q is %d bit/s", s, n)
		}
	})
}

func FuzzRTT(f *testing.F) {
	for _, s := range []string{"80ms", "1h", "-1ms", "1e3ms", "1us"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseRTT(s); err == nil && (d < time.Microsecond || d > time.Minute) {
			t.Errorf("%q is %v", s, d)
		}
	})
}
