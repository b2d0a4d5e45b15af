package service

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
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
}

// What systemd has in its books is looked for in the tables of the kernel, of TCP, UDP and Unix sockets alike.
func TestWhatIsOpenInTheBooksOnlyIsSeen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	h := host.Host{}
	unixListener := func(name string, keep bool) {
		l, err := net.Listen("unix", path(name))
		if err != nil {
			t.Fatal(err)
		}
		l.(*net.UnixListener).SetUnlinkOnClose(false)
		t.Cleanup(func() { _ = l.Close() })
		if !keep {
			if err := os.Remove(path(name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	unixListener("open", true)
	unixListener("removed", false)
	unixListener("twice", false) // and a second one takes its path
	unixListener("twice", true)
	unixListener("other", false)
	if err := os.WriteFile(path("other"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	sockets, err := h.UnixSockets()
	if err != nil {
		t.Fatal(err)
	}
	row := func(local string) host.SocketRow {
		return host.SocketRow{Local: netip.MustParseAddrPort(local), Waiting: 2}
	}
	tcp, udp := []host.SocketRow{row("[::]:8080"), row("127.0.0.1:9000")}, []host.SocketRow{row("[::]:5300")}
	kernel := tables{h, tcp, udp, sockets}
	for l, want := range map[host.Listen]string{
		{Type: "Stream", Address: "[::]:8080"}:      "",
		{Type: "Stream", Address: "127.0.0.1:9000"}: "",
		{Type: "Stream", Address: "10.0.0.1:9000"}:  "nothing listens on 10.0.0.1:9000",
		{Type: "Stream", Address: "[::]:9000"}:      "nothing listens on [::]:9000",
		{Type: "Stream", Address: "[::]:5300"}:      "nothing listens on [::]:5300",
		{Type: "Datagram", Address: "[::]:5300"}:    "",
		{Type: "Datagram", Address: "[::]:8080"}:    "nothing listens on [::]:8080",
		{Type: "Stream", Address: path("open")}:     "",
		{Type: "Datagram", Address: path("open")}:   "nothing listens on " + path("open"),
		{Type: "Stream", Address: path("removed")}:  "nothing listens on " + path("removed"),
		{Type: "Stream", Address: path("other")}:    "nothing listens on " + path("other"),
		{Type: "Stream", Address: path("never")}:    "nothing listens on " + path("never"),
		{Type: "Stream", Address: path("twice")}: "2 sockets were opened on " + path("twice") +
			", which leads to one of them only",
		{Type: "FIFO", Address: "x"}: "",
	} {
		if got := strings.Join(kernel.closed([]host.Listen{l}), ", "); got != want {
			t.Errorf("%v: %q, want %q", l, got, want)
		}
	}
	if got := (tables{}).closed([]host.Listen{{Type: "Datagram", Address: "[::]:5300"}}); len(got) != 1 {
		t.Errorf("where no socket of UDP is: %q", got)
	}
	c, err := net.Dial("unix", path("open"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	kernel.unix, err = h.UnixSockets()
	if n := kernel.waiting([]host.Listen{
		{Type: "Stream", Address: path("open")},
		{Type: "Stream", Address: "[::]:8080"},
		{Type: "Datagram", Address: "[::]:5300"},
		{Type: "Stream", Address: "[::]:9000"}, // the port of somebody else, on another address
	}); n != 3 || err != nil {
		t.Errorf("%d clients wait, %v", n, err)
	}
}

func TestAUnitThatIsGoneIsMissed(t *testing.T) {
	t.Parallel()
	s := echo()
	s.Name, s.Listen = "x", []string{"8080", "8081"}
	one, two := host.Listen{Type: "Stream", Address: "[::]:8080"}, host.Listen{Type: "Stream", Address: "[::]:8081"}
	for name, tc := range map[string]struct {
		first []host.Listen
		want  string // the units that the service has for clients
	}{
		"with its address":                      {[]host.Listen{one}, "x.socket x-8081.socket"},
		"while NAME.socket has it as it was so": {[]host.Listen{one, two}, "x.socket"},
		"as it was so, and IPv6 is off":         {[]host.Listen{one, {Type: "Stream", Address: "0.0.0.0:8081"}}, "x.socket"},
	} {
		f, err := s.front(t.Context(), known{
			"x.socket":      {Name: "x.socket", Load: "loaded", Active: "active", Listen: tc.first},
			"x-8081.socket": {Name: "x-8081.socket", Load: "not-found", Active: "inactive"},
		})
		if got := strings.Join(f.names(), " "); got != tc.want || err != nil {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestTheHintOpensWhatItSays(t *testing.T) {
	t.Parallel()
	unit := func(name, load, active string) host.Unit { return host.Unit{Name: name, Load: load, Active: active} }
	shut, masked := unit("x.socket", "loaded", "inactive"), unit("x.socket", "masked", "inactive")
	running, stopped := unit("x.service", "loaded", "active"), unit("x.service", "loaded", "inactive")
	for want, got := range map[string]string{
		"sudo systemctl start x.socket":                                          opens(front{shut}, false, stopped),
		"sudo systemctl stop x.service; sudo systemctl start x.socket x.service": opens(front{shut}, false, running),
		"sudo tcptune service restart x":                                         opens(front{shut}, true, running),
		"sudo systemctl unmask x.socket, then " + again:                          opens(front{masked}, true, running),
		again:                             opens(front{unit("x-8081.socket", "not-found", "inactive")}, true, running),
		"sudo systemctl restart x.socket": reopens(stopped, shut),
		"sudo systemctl stop x.service x.socket; sudo systemctl start x.socket x.service": reopens(running, shut),
		"sudo systemctl unmask x-1.socket, then " + again: Opens(report.Service{Target: "x", Units: []report.ServiceUnit{
			{Target: "x.socket", Active: "active"}, {Target: "x-1.socket", Active: "inactive", File: "masked"},
		}}),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
