package service

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// A drop-in may change where a socket unit listens, and systemd reads it without opening anything: what was asked for,
// what the unit says and what is open are three things.

// asLoaded is s with the addresses that its socket unit listens on as systemd knows them. changed says that a drop-in has
// changed them, "" where they are those of s.
func (s Spec) asLoaded(listen []host.Listen) (loaded Spec, changed string) {
	var now, wanted []string
	for _, l := range listen {
		switch l.Type {
		case "Stream":
			now = append(now, l.Address)
		case "Datagram":
			now = append(now, udpPrefix+l.Address)
		}
	}
	for _, line := range s.lines() {
		key, address, _ := strings.Cut(strings.ReplaceAll(line, "%%", "%"), "=")
		address = canonical(address)
		if key == "ListenDatagram" {
			address = udpPrefix + address
		}
		wanted = append(wanted, address)
	}
	differs := len(now) != len(wanted) || slices.ContainsFunc(now, func(a string) bool {
		port, all := strings.CutPrefix(a, "0.0.0.0:") // as it is where IPv6 is off
		return !slices.ContainsFunc(wanted, func(w string) bool { return zoneless(w) == zoneless(a) }) &&
			!(all && slices.Contains(s.Listen, port))
	})
	if len(now) == 0 || !differs {
		return s, ""
	}
	for i := range now {
		now[i] = asListen(now[i])
	}
	s.Listen = now
	return s, fmt.Sprintf("a drop-in has it listen on %s, and not on %s", strings.Join(now, ", "), strings.Join(wanted, ", "))
}

// zoneless is an address without its interface, which systemd may show by its number.
func zoneless(address string) string {
	address, _, _ = strings.Cut(address, "%")
	return address
}

// asListen is an address as --listen takes it, of one as systemd shows it.
func asListen(address string) string {
	a, err := parseLoaded(address)
	_, zone, zoned := strings.Cut(address, "%")
	if err != nil || !zoned {
		return address
	}
	return netip.AddrPortFrom(a.Addr().WithZone(zone), a.Port()).String()
}

// canonical is how systemd shows an address.
func canonical(text string) string {
	if a, err := parseListen(text); err == nil && !a.Addr().IsValid() {
		return netip.AddrPortFrom(netip.IPv6Unspecified(), a.Port()).String()
	}
	return text
}

// closed are the addresses of socket units that are open in the books of systemd only.
func closed(rows []host.SocketRow, listen []host.Listen) (addresses []string) {
	for _, l := range listen {
		a, err := parseLoaded(l.Address)
		if l.Type != "Stream" || err != nil {
			continue
		}
		open := func(r host.SocketRow) bool {
			return r.Local.Port() == a.Port() && r.Local.Addr().Unmap() == a.Addr().WithZone("").Unmap()
		}
		if !slices.ContainsFunc(rows, open) {
			addresses = append(addresses, l.Address)
		}
	}
	return addresses
}
