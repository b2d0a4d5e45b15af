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

// asLoaded is s with the addresses that its socket units listen on as systemd knows them. changed says that a drop-in has
// changed them, "" where they are those of s.
func (s Spec) asLoaded(listen []host.Listen) (loaded Spec, changed string) {
	var now, wanted []string
	for _, l := range listen {
		if l.Type == "Stream" {
			now = append(now, l.Address)
		}
	}
	for _, text := range s.Listen {
		wanted = append(wanted, canonical(text))
	}
	differs := len(now) != len(wanted) || slices.ContainsFunc(now, func(a string) bool {
		port, all := strings.CutPrefix(a, "0.0.0.0:") // as it is where IPv6 is off
		return !slices.Contains(wanted, a) && !(all && slices.Contains(s.Listen, port))
	})
	if len(now) == 0 || !differs {
		return s, ""
	}
	s.Listen = now
	return s, fmt.Sprintf("a drop-in has it listen on %s, and not on %s", strings.Join(now, ", "), strings.Join(wanted, ", "))
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
		a, err := netip.ParseAddrPort(l.Address)
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
