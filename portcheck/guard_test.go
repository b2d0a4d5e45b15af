package portcheck

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/host"
)

// Programs that hold the ports of others are known by whatever runs them.
func TestWhoHoldsThePortsOfOthersIsGuarded(t *testing.T) {
	for line, guarded := range map[string]bool{
		"/usr/sbin/inetutils-inetd":                              true,
		"/usr/bin/s6-fdholderd -1":                               true,
		"/bin/busybox busybox inetd -f":                          true,
		"/bin/busybox inetd":                                     true,
		"/bin/busybox httpd -f":                                  false,
		"/usr/bin/python3.12 python3 /usr/bin/supervisord -n":    true,
		"/usr/bin/python3.12 python3 -m http.server supervisord": false,
	} {
		words := strings.Fields(line)
		p := Process{Pid: 100, UID: 1000, Exe: words[0], Args: words}
		if len(words) > 1 && !strings.HasPrefix(words[1], "-") {
			p.Args = words[1:]
		}
		if got := guardOf(p) != nil; got != guarded {
			t.Errorf("%s: guarded %v", line, got)
		}
	}
}

// What systemd says of a listening address is compared with what the kernel has.
func TestASocketUnitIsKnownByItsAddress(t *testing.T) {
	for address, local := range map[string]string{
		"[::]:8080": "[::]:8080", "0.0.0.0:8080": "0.0.0.0:8080", "[fe80::1]:8080%lo": "[fe80::1]:8080",
		"[fe80::1]:8080%eth0": "[fe80::1%eth0]:8080", "[fe80::1%eth0]:8080": "[fe80::1%eth0]:8080",
		"0.0.0.0:8080%lo": "0.0.0.0:8080",
	} {
		s := Socket{Protocol: TCP, Local: netip.MustParseAddrPort(local)}
		u := host.Unit{Listen: []host.Listen{{Type: "Stream", Address: address}}}
		if !listensOn(u, s) {
			t.Errorf("%s is not %s", address, local)
		}
		s.Local = netip.MustParseAddrPort("127.0.0.1:8080")
		if listensOn(u, s) {
			t.Errorf("%s is %s", address, s.Local)
		}
	}
}
