package service

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestSpecsThatCanBeInstalled(t *testing.T) {
	t.Parallel()
	for kind, spec := range kinds() {
		if err := spec.Validate(); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// TestSpecsThatCannotBeInstalled spoils one thing of a good service at a time. The message names the flag.
func TestSpecsThatCannotBeInstalled(t *testing.T) {
	t.Parallel()
	address := netip.MustParseAddrPort
	for _, test := range []struct {
		name  string
		base  Spec
		spoil func(*Spec)
		want  string // in the message
	}{
		{"no name", echo(), func(s *Spec) { s.Name = "" }, "--name"},
		{"name with a slash", echo(), func(s *Spec) { s.Name = "a/b" }, "--name"},
		{"name of a template", echo(), func(s *Spec) { s.Name = "a@b" }, "--name"},
		{"name with a newline", echo(), func(s *Spec) { s.Name = "a\n" }, "--name"},
		{"name with a suffix", echo(), func(s *Spec) { s.Name = "a.service" }, `without ".service"`},
		{"hidden name", echo(), func(s *Spec) { s.Name = ".a" }, "--name"},
		{"name of systemd's", own(), func(s *Spec) { s.Name = "systemd-networkd" }, "unit of the system"},
		{"name that locks out", own(), func(s *Spec) { s.Name = "ssh" }, "unit of the system"},
		{"name of a twin", own(), func(s *Spec) { s.Name = "tcptune-server-twin" }, "-twin"},
		{"too long a name", own(), func(s *Spec) { s.Name = strings.Repeat("a", 201) }, "200"},
		{"bundled name with a program", own(), func(s *Spec) { s.Name = Bundled }, "--name"},

		{"nowhere to listen", echo(), func(s *Spec) { s.Listen = nil }, "--listen"},
		{"host name", echo(), func(s *Spec) { s.Listen = []string{"localhost:80"} }, "--listen"},
		{"port 0", echo(), func(s *Spec) { s.Listen = []string{"0"} }, "--listen"},
		{"port beyond 65535", echo(), func(s *Spec) { s.Listen = []string{"65536"} }, "--listen"},
		{"port with a sign", echo(), func(s *Spec) { s.Listen = []string{"+80"} }, "--listen"},
		{"port with zeros", echo(), func(s *Spec) { s.Listen = []string{"0080"} }, "--listen"},
		{"path of a socket elsewhere", echo(), func(s *Spec) { s.Listen = []string{"/etc/a.sock"} }, "below /run"},
		{"path that leads elsewhere", echo(), func(s *Spec) { s.Listen = []string{"/run/../etc/a.sock"} }, "--listen"},
		{"path that is too long", echo(), func(s *Spec) { s.Listen = []string{"/run/" + strings.Repeat("a", 103)} }, "107 bytes"},
		{"multicast", echo(), func(s *Spec) { s.Listen = []string{"224.0.0.1:80"} }, "no address of one host"},
		{"multicast of IPv6", echo(), func(s *Spec) { s.Listen = []string{"[ff02::1]:80"} }, "no address of one host"},
		{"reserved", echo(), func(s *Spec) { s.Listen = []string{"240.0.0.1:80"} }, "no address of one host"},
		{"this network", echo(), func(s *Spec) { s.Listen = []string{"0.0.0.1:80"} }, "no address of one host"},
		{"all, mapped", echo(), func(s *Spec) { s.Listen = []string{"[::ffff:0.0.0.0]:80"} }, "no address of one host"},
		{"broadcast", echo(), func(s *Spec) { s.Listen = []string{"255.255.255.255:80"} }, "no address of one host"},
		{"link-local without a zone", echo(), func(s *Spec) { s.Listen = []string{"[fe80::1]:80"} }, "needs its interface"},
		{"zone of another address", echo(), func(s *Spec) { s.Listen = []string{"[2001:db8::1%eth0]:80"} }, "only a link-local"},
		{"zone that is no interface", echo(), func(s *Spec) { s.Listen = []string{"[fe80::1%e/0]:80"} }, "which is an interface"},
		{"UDP of the bundled server", echo(), func(s *Spec) { s.Listen = []string{"udp:80"} }, "speaks TCP"},
		{"UDP twice", own(), func(s *Spec) { s.Listen = []string{"udp:80", "udp:127.0.0.1:80"} }, "only one of them"},
		{"no interface", echo(), func(s *Spec) { s.Interface = "eth0 lo" }, "--interface"},
		{"IPv6 only, and none", echo(), func(s *Spec) { s.Listen, s.IPv6Only = []string{"80"}, true }, "--ipv6-only"},
		{"empty host", echo(), func(s *Spec) { s.Listen = []string{":80"} }, "--listen"},
		{"newline", echo(), func(s *Spec) { s.Listen = []string{"80\nAccept=yes"} }, "--listen"},
		{"two paths with one name", echo(), func(s *Spec) { s.Listen = []string{"80", "/run/a/b-c", "/run/a-b/c"} }, "the same name"},
		{"the same twice", echo(), func(s *Spec) { s.Listen = []string{"80", "80"} }, "twice"},
		{"all addresses and one of them", echo(), func(s *Spec) { s.Listen = []string{"80", "127.0.0.1:80"} }, "only one of them"},
		{"all of IPv6 and one of IPv4", echo(), func(s *Spec) { s.Listen = []string{"127.0.0.1:80", "[::]:80"} }, "only one of them"},

		{"no backlog", echo(), func(s *Spec) { s.Backlog = 0 }, "--backlog"},
		{"drain below a second", echo(), func(s *Spec) { s.Drain = 999 * time.Millisecond }, "--drain"},
		{"drain of days", echo(), func(s *Spec) { s.Drain = 25 * time.Hour }, "--drain"},
		{"fewer than no files", echo(), func(s *Spec) { s.Files = -1 }, "fs.nr_open"},

		{"relative program", echo(), func(s *Spec) { s.Program = "tcptune-server" }, "absolute"},
		{"unknown protocol", echo(), func(s *Spec) { s.Protocol = "smtp" }, "--protocol"},
		{"admin for everybody", echo(), func(s *Spec) { s.Admin = address("0.0.0.0:9464") }, "--admin"},
		{"no admin", echo(), func(s *Spec) { s.Admin = netip.AddrPort{} }, "--admin"},
		{"admin on the served port", echo(), func(s *Spec) { s.Admin = address("127.0.0.1:8080") }, "--listen 8080"},
		{"upstreams of echo", echo(), func(s *Spec) { s.Upstreams = []netip.AddrPort{address("10.0.0.5:80")} }, "--upstream"},
		{"relay to nowhere", echo(), func(s *Spec) { s.Protocol = "relay" }, "--upstream"},
		{"upstream without a host", kinds()["relay"], func(s *Spec) { s.Upstreams[0] = address("0.0.0.0:80") }, "--upstream"},
		{"upstream twice", kinds()["relay"], func(s *Spec) { s.Upstreams[0] = s.Upstreams[1] }, "twice"},
		{"certificate without key", echo(), func(s *Spec) { s.TLSCert = "/a.pem" }, "--tls-key"},
		{"key with a specifier", echo(), func(s *Spec) { s.TLSCert, s.TLSKey = "/a.pem", "/%h.key" }, "--tls-key"},
		{"unknown limit", echo(), func(s *Spec) { s.Limits = []Limit{{"max-cons", "1"}} }, "max-cons"},
		{"drain as a limit", echo(), func(s *Spec) { s.Limits = []Limit{{"drain", "1s"}} }, "drain"},
		{"limit that is no number", echo(), func(s *Spec) { s.Limits = []Limit{{"max-conns", "many"}} }, "--max-conns"},
		{"limit with a newline", echo(), func(s *Spec) { s.Limits = []Limit{{"max-conns", "1\nqueue: 2"}} }, "--max-conns"},
		{"limit that is no duration", echo(), func(s *Spec) { s.Limits = []Limit{{"idle-timeout", "30"}} }, "--idle-timeout"},
		{"limit that is no rate", echo(), func(s *Spec) { s.Limits = []Limit{{"accept-rate", "5/m"}} }, "1000/s"},
		{"limit in octal", echo(), func(s *Spec) { s.Limits = []Limit{{"queue", "010"}} }, "--queue"},
		{"networks with a bit too many", echo(), func(s *Spec) { s.Limits = []Limit{{"proxy-from", "10.0.0.1/8"}} }, "--proxy-from"},
		{"a network that is none", echo(), func(s *Spec) { s.Limits = []Limit{{"proxy-from", "10.0.0.0/8, ::1"}} }, "--proxy-from"},
		{"limit twice", echo(), func(s *Spec) { s.Limits = []Limit{{"queue", "1"}, {"queue", "2"}} }, "twice"},
		{"bundled server with a network", echo(), func(s *Spec) { s.Network = true }, "--network"},

		{"relative exec", own(), func(s *Spec) { s.Exec[0] = "mydaemon" }, "--exec"},
		{"exec with a prefix", own(), func(s *Spec) { s.Exec[0] = "+/usr/bin/mydaemon" }, "--exec"},
		{"exec with dots", own(), func(s *Spec) { s.Exec[0] = "/usr/bin/../mydaemon" }, "--exec"},
		{"exec with a blank", own(), func(s *Spec) { s.Exec[0] = "/opt/my daemon" }, "--exec"},
		{"argument with a newline", own(), func(s *Spec) { s.Exec[1] = "a\nUser=root" }, "control"},
		{"argument that is no text", own(), func(s *Spec) { s.Exec[1] = "\xff" }, "UTF-8"},
		{"protocol with exec", own(), func(s *Spec) { s.Protocol = "echo" }, "--protocol"},
		{"admin with exec", own(), func(s *Spec) { s.Admin = address("127.0.0.1:1") }, "--admin"},
		{"limits with exec", own(), func(s *Spec) { s.Limits = []Limit{{"queue", "1"}} }, "limits"},
		{"root", own(), func(s *Spec) { s.User = "root" }, "--user"},
		{"user with a specifier", own(), func(s *Spec) { s.User = "%u" }, "--user"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.spoil(&test.base)
			err := test.base.Validate()
			if err == nil || !strings.HasPrefix(err.Error(), "cannot ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want a refusal with %q", err, test.want)
			}
			if _, rendered := Render(test.base, 255); rendered == nil {
				t.Error("it was rendered all the same")
			}
		})
	}
}

func TestAddressesThatClash(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"80", "81", false},
		{"80", "[::1]:80", true},
		{"0.0.0.0:80", "127.0.0.1:80", true},
		{"0.0.0.0:80", "[::1]:80", false},
		{"[::]:80", "127.0.0.1:80", true},
		{"127.0.0.1:80", "127.0.0.2:80", false},
		{"127.0.0.1:80", "[::1]:80", false},
	} {
		for _, listen := range [][]string{{tc.a, tc.b}, {tc.b, tc.a}} {
			if err := (Spec{Listen: listen}).checkListen(); (err != nil) != tc.want {
				t.Errorf("%s: %v", listen, err)
			}
		}
	}
}

// Two bundled services have the same admin port, unless one is told another.
func TestRivalsAreNamed(t *testing.T) {
	t.Parallel()
	a, b := echo(), echo()
	b.Name, b.Listen = "other", []string{"9000"}
	lines, err := b.Rivals([]Spec{a, b})
	if err != nil || len(lines) != 1 || !strings.Contains(lines[0], "that of the service "+a.Name) {
		t.Errorf("%q, %v", lines, err)
	}
	b.Admin = netip.MustParseAddrPort("127.0.0.1:9181")
	if lines, err := b.Rivals([]Spec{a, b}); err != nil || len(lines) > 0 {
		t.Errorf("%q, %v", lines, err)
	}
	for listen, want := range map[string]int{
		"/run/x/a.sock": 1, "/run/x/b.sock": 0, "udp:53": 1, "53": 0, "udp:127.0.0.1:53": 1, "udp:54": 0,
	} {
		c := Spec{Name: "c", Listen: []string{"/run/x/a.sock", "udp:53"}, Exec: []string{"/c"}}
		d := Spec{Name: "d", Listen: []string{listen}, Exec: []string{"/d"}}
		if lines, err := d.Rivals([]Spec{c}); err != nil || len(lines) != want {
			t.Errorf("%s: %q, %v", listen, lines, err)
		}
	}
}

func TestOnlySpecificAddressesAreBoundBeforeTheyExist(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]bool{
		"8080": false, "0.0.0.0:80": false, "[::]:80": false, "127.0.0.1:80": false, "[::1]:80": false,
		"192.0.2.7:80": true, "[2001:db8::7]:80": true,
	} {
		s := echo()
		s.Listen = []string{listen}
		if got := freeBind(s.Listen); got != want {
			t.Errorf("%s: %v", listen, got)
		}
	}
}

func TestAddressesBecomeLinesOfTheSocketUnit(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		listen string
		only6  bool
		want   string
		both   bool
	}{
		"a port":                        {"8080", false, "ListenStream=8080", true},
		"an address":                    {"10.0.0.5:8080", false, "ListenStream=10.0.0.5:8080", true},
		"link-local":                    {"[fe80::1%eth0]:8080", false, "ListenStream=[fe80::1]:8080%%eth0", true},
		"both kinds of all":             {"0.0.0.0:80 [::]:80", false, "ListenStream=0.0.0.0:80 ListenStream=[::]:80", false},
		"both kinds of all, and a port": {"0.0.0.0:80 [::]:80 90", false, "ListenStream=0.0.0.0:80 ListenStream=[::]:80 ListenStream=0.0.0.0:90 ListenStream=[::]:90", false},
		"IPv6 alone":                    {"[::]:80", true, "ListenStream=[::]:80", false},
		"IPv6 alone, and one of IPv4":   {"[::]:80 127.0.0.1:80", true, "ListenStream=[::]:80 ListenStream=127.0.0.1:80", false},
		"all of one port":               {"[::]:80", false, "ListenStream=[::]:80", true},
		"a Unix socket":                 {"/run/mine/x.sock", false, "ListenStream=/run/mine/x.sock", true},
		"both kinds of all of UDP":      {"udp:0.0.0.0:53 udp:[::]:53", false, "ListenDatagram=0.0.0.0:53 ListenDatagram=[::]:53", false},
		"UDP beside TCP":                {"53 udp:53", false, "ListenStream=53 ListenDatagram=53", true},
	} {
		s := own()
		s.Listen, s.IPv6Only = strings.Fields(tc.listen), tc.only6
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := strings.Join(s.streams(s.Listen), " "); got != tc.want || s.only6(s.Listen) == tc.both {
			t.Errorf("%s: %s, IPv6 only %v", name, got, s.only6(s.Listen))
		}
	}
}

func TestAnAddressOfAWholeNetworkIsRefused(t *testing.T) {
	t.Parallel()
	var here []netip.Prefix
	for _, p := range []string{"127.0.0.1/8", "10.9.0.1/24", "10.8.0.0/31", "10.7.0.0/24", "10.6.0.1/32", "fd00::1/64"} {
		here = append(here, netip.MustParsePrefix(p))
	}
	for listen, refused := range map[string]bool{
		"10.9.0.255:80": true, "10.9.0.0:80": true, "udp:10.9.0.255:80": true, "127.255.255.255:80": true,
		"10.9.0.1:80": false, "10.9.0.7:80": false, "10.9.1.255:80": false, "10.8.0.0:80": false, "10.8.0.1:80": false,
		"10.7.0.0:80": false, // which an interface has
		"10.6.0.1:80": false, "[fd00::]:80": false, "8080": false, "0.0.0.0:80": false, "/run/x.sock": false,
	} {
		if err := (Spec{Listen: []string{listen}}).ofAll(here); (err != nil) != refused {
			t.Errorf("%s: %v", listen, err)
		}
	}
}
