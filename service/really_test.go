package service

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/host"
)

func TestWhatASocketReallyListensOnIsCompared(t *testing.T) {
	t.Parallel()
	stream := func(addresses ...string) (all []host.Listen) {
		for _, a := range addresses {
			all = append(all, host.Listen{Type: "Stream", Address: a})
		}
		return all
	}
	for name, tc := range map[string]struct {
		wanted  string
		loaded  []host.Listen
		changed bool
	}{
		"a port, on all addresses":      {"8080", stream("[::]:8080"), false},
		"a port, where IPv6 is off":     {"8080", stream("0.0.0.0:8080"), false},
		"an address":                    {"127.0.0.1:8080", stream("127.0.0.1:8080"), false},
		"two, in another order":         {"8080 [::1]:9000", stream("[::1]:9000", "[::]:8080"), false},
		"another port":                  {"8080", stream("[::]:9000"), true},
		"one more":                      {"8080", stream("[::]:8080", "[::]:9000"), true},
		"one less":                      {"8080 9000", stream("[::]:8080"), true},
		"loopback only":                 {"8080", stream("127.0.0.1:8080"), true},
		"systemd knows nothing of them": {"8080", nil, false},
	} {
		s := echo()
		s.Listen = strings.Fields(tc.wanted)
		loaded, changed := s.asLoaded(tc.loaded)
		if (changed != "") != tc.changed {
			t.Errorf("%s: %q", name, changed)
		}
		if tc.changed && len(loaded.Listen) != len(tc.loaded) {
			t.Errorf("%s: %v", name, loaded.Listen)
		}
	}
	rows := []host.SocketRow{{Local: netip.MustParseAddrPort("[::]:8080")}, {Local: netip.MustParseAddrPort("127.0.0.1:9000")}}
	if got := fmt.Sprint(closed(rows, stream("[::]:8080", "127.0.0.1:9000", "10.0.0.1:9000", "[::]:9000"))); got != "[10.0.0.1:9000 [::]:9000]" {
		t.Errorf("closed: %s", got)
	}
}
