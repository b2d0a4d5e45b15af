package portcheck

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/report"
)

const servicesText = `# a comment
ssh		22/tcp				# SSH Remote Login Protocol
domain		53/tcp
domain		53/udp
http		80/tcp		www		# WorldWideWeb HTTP
ntp		123/udp
netbios-ns	137/udp
broken		70000/tcp
nonsense
`

func TestArguments(t *testing.T) {
	services := ParseServices([]byte(servicesText))
	for _, tc := range []struct {
		args      string
		protocols []Protocol
		want      string // ranges, or what the error says
	}{
		{"8080", []Protocol{TCP}, "tcp/8080"},
		{"8080 9000-9010 udp/53", []Protocol{TCP}, "tcp/8080 tcp/9000-9010 udp/53"},
		{"9000-9010 9005-9020 9021 8080", []Protocol{TCP}, "tcp/8080 tcp/9000-9021"},
		{"53", []Protocol{TCP, UDP}, "tcp/53 udp/53"},
		{"8080/tcp :8081 53/udp", []Protocol{TCP}, "tcp/8080-8081 udp/53"},
		{"http www ssh", []Protocol{TCP}, "tcp/22 tcp/80"},
		{"ntp", []Protocol{TCP, UDP}, "udp/123"},
		{"udp/netbios-ns", []Protocol{TCP}, "udp/137"},
		{"1-65535", []Protocol{TCP}, "tcp/1-65535"},
		{"65535 65534", []Protocol{TCP}, "tcp/65534-65535"},
		{"ntp", []Protocol{TCP}, "/etc/services has ntp for udp only"},
		{"nosuch", []Protocol{TCP}, "no such service"},
		{"broken", []Protocol{TCP}, "no such service"},
		{"0", []Protocol{TCP}, "from 1 to 65535"},
		{"65536", []Protocol{TCP}, "from 1 to 65535"},
		{"99999999999999999999", []Protocol{TCP}, "from 1 to 65535"},
		{"9010-9000", []Protocol{TCP}, "9010 is above 9000"},
		{"0080", []Protocol{TCP}, "begins with 0"},
		{"-1", []Protocol{TCP}, "a number is missing"},
		{"80-", []Protocol{TCP}, "a number is missing"},
		{"+80", []Protocol{TCP}, "neither a number"},
		{"80-90-100", []Protocol{TCP}, "neither a number"},
		{"sctp/80", []Protocol{TCP}, "no such service"},
		{"tcp/", []Protocol{TCP}, "a number is missing"},
		{"8080,8081,9000-9002", []Protocol{TCP}, "tcp/8080-8081 tcp/9000-9002"},
		{"8080,udp/53", []Protocol{TCP}, "tcp/8080 udp/53"},
		{",", []Protocol{TCP}, "neither a number"},
		{"TCP/8080 8081/UDP HTTP", []Protocol{TCP}, "tcp/80 tcp/8080 udp/8081"},
		{"udp:53", []Protocol{TCP}, "udp/53"},
		{"*:8080", []Protocol{TCP}, "tcp/8080"},
		{"0.0.0.0:8080", []Protocol{TCP}, "tcp/8080 @0.0.0.0"},
		{"[::ffff:0.0.0.0]:8080", []Protocol{TCP}, "tcp/8080 @0.0.0.0"},
		{"[fe80::1%v0]:8080", []Protocol{TCP}, "tcp/8080 @fe80::1%v0"},
		{"udp://127.0.0.1:8080", []Protocol{TCP}, "udp/8080 @127.0.0.1"},
		{"UDP6://[::1]:8080/a", []Protocol{TCP}, "udp/8080 @::1"},
		{"quic://127.0.0.1:8080", []Protocol{TCP}, "udp/8080 @127.0.0.1"},
		{"ntp://127.0.0.1", []Protocol{TCP}, "udp/123 @127.0.0.1"},
		{"http://127.0.0.1:8080", []Protocol{TCP, UDP}, "tcp/8080 @127.0.0.1"},
		{"tcp4/8080 8081/tcp4 TCP4:8082", []Protocol{TCP, UDP}, "tcp/8080-8082 @0.0.0.0"},
		{"tcp6/8080 tcp6://[::]:8081", []Protocol{TCP}, "tcp/8080-8081 @::"},
		{"tcp4://localhost:8080", []Protocol{TCP}, "tcp/8080 @127.0.0.1"},
		{"tcp6://127.0.0.1:8080", []Protocol{TCP}, "127.0.0.1 is no address of IPv6"},
		{"tcp://127.0.0.1", []Protocol{TCP}, "a number is missing"},
		{"domain://127.0.0.1", []Protocol{TCP}, "whether domain is TCP or UDP is not known"},
		{"foo://127.0.0.1:8080", []Protocol{TCP}, "whether foo is TCP or UDP is not known"},
		{"[::]:8080", []Protocol{TCP}, "tcp/8080"},
		{"127.0.0.1:8080", []Protocol{TCP}, "tcp/8080 @127.0.0.1"},
		{"127.0.0.1:8080-8090", []Protocol{TCP}, "tcp/8080-8090 @127.0.0.1"},
		{"[::1]:8080", []Protocol{TCP}, "tcp/8080 @::1"},
		{"[::ffff:127.0.0.1]:8080", []Protocol{TCP}, "tcp/8080 @127.0.0.1"},
		{"udp/127.0.0.53:53", []Protocol{TCP}, "udp/53 @127.0.0.53"},
		{"localhost:8080", []Protocol{TCP}, "tcp/8080 @127.0.0.1 @::1"},
		{"localhost:http", []Protocol{TCP}, "tcp/80 @127.0.0.1 @::1"},
		{"http://localhost:3000/a/b?c=d:1#e", []Protocol{TCP}, "tcp/3000 @127.0.0.1 @::1"},
		{"https://127.0.0.1/", []Protocol{TCP}, "tcp/443 @127.0.0.1"},
		{"HTTPS://user:secret@127.0.0.1", []Protocol{TCP}, "tcp/443 @127.0.0.1"},
		{"redis://127.0.0.1", []Protocol{TCP}, "tcp/6379 @127.0.0.1"},
		{"tcp://0.0.0.0:8080", []Protocol{TCP}, "tcp/8080 @0.0.0.0"},
		{"http://[::1]:8080", []Protocol{TCP}, "tcp/8080 @::1"},
		{"gopher7://127.0.0.1", []Protocol{TCP}, "whether gopher7 is TCP or UDP"},
		{"db.example.com:5432", []Protocol{TCP}, "names of hosts are not looked up"},
		{"https://example.com/", []Protocol{TCP}, "names of hosts are not looked up"},
		{"8080:80", []Protocol{TCP}, "two ports"},
		{"127.0.0.1:8080 9000", []Protocol{TCP}, "another address"},
		{"127.0.0.1:", []Protocol{TCP}, "a number is missing"},
		{"::1", []Protocol{TCP}, "neither a number"},
		{"127.0.0.1", []Protocol{TCP}, "neither a number"},
	} {
		ranges, at, err := ParseRanges(strings.Fields(tc.args), tc.protocols, services)
		if err != nil {
			if !report.Is(err, "usage") || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%q: %v, want %q", tc.args, err, tc.want)
			}
			continue
		}
		var got []string
		for _, r := range ranges {
			got = append(got, r.String())
		}
		for _, address := range at {
			got = append(got, "@"+address.String())
		}
		if diff := cmp.Diff(tc.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%q, wanted (-) and got (+):\n%s", tc.args, diff)
		}
	}
}

func FuzzParseRanges(f *testing.F) {
	for _, seed := range []string{"8080", "9000-9010", "udp/53", "http", ":8080", "80/tcp", "65535-1", "tcp/", "-", "00", "netbios-ns", "[::1]:80", "http://a@127.0.0.1:8/", "8080,8081", "localhost:1"} {
		f.Add(seed)
	}
	services := ParseServices([]byte(servicesText))
	f.Fuzz(func(t *testing.T, arg string) {
		ranges, at, err := ParseRanges([]string{arg}, []Protocol{TCP, UDP}, services)
		if err != nil {
			return
		}
		for _, address := range at {
			if !address.IsValid() || address.Is4In6() {
				t.Fatalf("%q is at %v", arg, at)
			}
		}
		for _, r := range ranges {
			if r.Low < 1 || r.Low > r.High {
				t.Fatalf("%q gives %v", arg, r)
			}
			again, _, err := ParseRanges([]string{r.String()}, nil, services)
			if err != nil || len(again) != 1 || again[0] != r {
				t.Fatalf("%q gives %v, and that gives %v, %v", arg, r, again, err)
			}
		}
	})
}

func FuzzParseServices(f *testing.F) {
	f.Add([]byte(servicesText))
	f.Fuzz(func(t *testing.T, text []byte) {
		for protocol, names := range ParseServices(text) {
			for name, port := range names {
				if port == 0 || name == "" || protocol != TCP && protocol != UDP {
					t.Fatalf("%s/%s is %d", protocol, name, port)
				}
			}
		}
	})
}
