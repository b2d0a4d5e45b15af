package portcheck

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// Services are the names that services(5) gives to ports.
type Services map[Protocol]map[string]uint16

// ReadServices reads /etc/services. Minimal images have none: then a few names that everybody types are known.
func ReadServices(h host.Host) (Services, error) {
	text, err := h.ReadFile("/etc/services")
	if errors.Is(err, fs.ErrNotExist) {
		return ParseServices(
			[]byte("ssh 22/tcp\ndomain 53/tcp\ndomain 53/udp\nhttp 80/tcp\nhttps 443/tcp\nhttps 443/udp\nntp 123/udp\n"),
		), nil
	}
	return ParseServices(text), err
}

// ParseServices reads the text of /etc/services, "http 80/tcp www # comment". The first line that has a name wins, as
// for getservbyname(3); a line that is none is passed over.
func ParseServices(text []byte) Services {
	s := Services{TCP: {}, UDP: {}}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		number, protocol, _ := strings.Cut(words[1], "/")
		port, err := strconv.ParseUint(number, 10, 16)
		names := s[Protocol(protocol)]
		if err != nil || port == 0 || names == nil {
			continue
		}
		for i, name := range words {
			if _, known := names[name]; i != 1 && !known {
				names[name] = uint16(port)
			}
		}
	}
	return s
}

// Lookup returns the port of a name or an alias.
func (s Services) Lookup(protocol Protocol, name string) (port uint16, ok bool) {
	port, ok = s[protocol][name]
	return port, ok
}
