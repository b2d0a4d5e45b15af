package catalogue

import "testing"

func TestParsePortsAsTheKernelDoes(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"80", "80"},
		{"3,1,2", "1-3"},
		{"10-20,15-30", "10-30"},
		{"10-20,21-30", "10-30"},
		{"10-20,22-30", "10-20,22-30"},
		{"0-65535", "0-65535"},
		{"0x50,0120", "80"},
	} {
		if got, err := parsePorts(c.in); err != nil || got.String() != c.want {
			t.Errorf("%q: got %q, %v, want %q", c.in, got, err, c.want)
		}
	}
	for _, bad := range []string{",", "1,", "1 2", "1, 2", "65536", "-1", "9-8", "1-2-3", "http"} {
		if got, err := parsePorts(bad); err == nil {
			t.Errorf("%q is taken for %q", bad, got)
		}
	}
}

func FuzzPorts(f *testing.F) {
	for _, s := range []string{"8080,9000-9010", "0-65535", "3,1,2", "1-,2", "0x50"} {
		f.Add(s, "80,443")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, errA := parsePorts(a)
		y, errB := parsePorts(b)
		if errA != nil || errB != nil {
			return
		}
		again, err := parsePorts(x.String())
		if err != nil || again.String() != x.String() {
			t.Errorf("%q reads back as %q, %v", x, again, err)
		}
		in := func(l portList, port int64) bool {
			for _, r := range l {
				if r.first <= port && port <= r.last {
					return true
				}
			}
			return false
		}
		both := merge(append(append(portList{}, x...), y...))
		for port := range int64(65536) {
			if in(both, port) != (in(x, port) || in(y, port)) {
				t.Fatalf("port %d in %q, %q and their union %q", port, x, y, both)
			}
		}
	})
}
