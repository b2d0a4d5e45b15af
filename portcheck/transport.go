package portcheck

import (
	"net/netip"
	"strings"
)

// Family is "4" or "6", "" for both.
type Family string

// all are the addresses that stand for every one of the family, nil for those of both.
func (f Family) all() []netip.Addr {
	switch f {
	case "4":
		return []netip.Addr{netip.IPv4Unspecified()}
	case "6":
		return []netip.Addr{netip.IPv6Unspecified()}
	}
	return nil
}

func (f Family) lacks(a netip.Addr) bool { return f != "" && (f == "4") != a.Is4() }

// transport is which sockets an argument means: of one protocol where it names that, and of one family.
type transport struct {
	of     []Protocol
	family Family
}

// cutTransport takes the protocol from an argument, if it names one: "udp/53", "53/tcp", "tcp4:80", or a URL.
func cutTransport(arg string, otherwise []Protocol, services Services) (text string, t transport, bad *wrong) {
	if scheme, rest, isURL := strings.Cut(arg, "://"); isURL {
		return cutURL(strings.ToLower(scheme), rest, services)
	}
	if i := strings.IndexAny(arg, "/:"); i >= 0 {
		if t, ok := transportNamed(arg[:i]); ok {
			return arg[i+1:], t, nil
		}
	}
	if i := strings.LastIndexByte(arg, '/'); i >= 0 {
		if t, ok := transportNamed(arg[i+1:]); ok {
			return arg[:i], t, nil
		}
	}
	return arg, transport{of: otherwise}, nil
}

// transportNamed is that of "tcp", "tcp4", "tcp6", "udp", "udp4" or "udp6".
func transportNamed(word string) (t transport, ok bool) {
	for _, p := range []Protocol{TCP, UDP} {
		for _, family := range []Family{"", "4", "6"} {
			if strings.EqualFold(word, string(p)+string(family)) {
				return transport{[]Protocol{p}, family}, true
			}
		}
	}
	return t, false
}

// cutURL takes host and port from a URL, and the protocol from its scheme: a server of another protocol on that port
// is not the one that is meant. What nobody knows the protocol of is no port.
func cutURL(scheme, rest string, services Services) (text string, t transport, bad *wrong) {
	rest, _, _ = strings.Cut(rest, "?")
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "/")
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	port := ""
	t, named := transportNamed(scheme)
	if !named {
		t.of, port = knownScheme(scheme, services)
	}
	if len(t.of) != 1 {
		return "", t, &wrong{"whether " + scheme + " is TCP or UDP is not known", "tcp://" + rest + ", or udp://" + rest}
	}
	if _, _, found := cutPort(rest); !found {
		rest += ":" + port
	}
	return rest, t, nil
}

// knownScheme returns the protocols of a scheme, and the port that it stands for, "" for none.
func knownScheme(scheme string, services Services) (of []Protocol, port string) {
	tcp := map[string]string{
		"http": "80", "https": "443", "ws": "80", "wss": "443", "redis": "6379", "rediss": "6379", "postgres": "5432",
		"postgresql": "5432", "mysql": "3306", "mongodb": "27017", "amqp": "5672", "amqps": "5671", "mqtt": "1883",
		"mqtts": "8883", "nats": "4222", "ssh": "22", "sftp": "22", "ftp": "21", "grpc": "", "grpcs": "",
	}
	if port, known := tcp[scheme]; known {
		return []Protocol{TCP}, port
	}
	if scheme == "quic" || scheme == "h3" {
		return []Protocol{UDP}, ""
	}
	for _, p := range []Protocol{TCP, UDP} {
		if _, known := services.Lookup(p, scheme); known {
			of = append(of, p)
		}
	}
	return of, scheme
}
