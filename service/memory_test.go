package service

import "testing"

func TestTheWallOfMemoryIsAboveWhatTheLimitsLetIn(t *testing.T) {
	t.Parallel()
	const machine = 64 << 30
	of := func(limits ...Limit) Spec {
		s := echo()
		s.Limits = limits
		return s
	}
	for _, tt := range []struct {
		name    string
		spec    Spec
		machine uint64
		want    string
	}{
		{"the defaults", of(), machine, "32768M"}, // tcp_mem bounds all sockets
		{"a thousand connections", of(Limit{"max-conns", "1000"}, Limit{"queue", "0"}), machine, "16384M"},
		{"some more do not change the unit", of(Limit{"max-conns", "1100"}, Limit{"queue", "0"}), machine, "16384M"},
		{"a few", of(Limit{"max-conns", "20"}, Limit{"queue", "0"}, Limit{"max-output", "65536"},
			Limit{"max-input", "1048576"}), machine, "1024M"},
		{"a small machine", of(Limit{"max-conns", "1000"}), 2 << 30, "90%"},
		{"an image", of(), 0, "90%"},
		{"a program of one's own", own(), machine, ""},
	} {
		if got := tt.spec.MemoryMax(Observed{6 << 20, 4 << 20, 6 << 30, tt.machine}); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
