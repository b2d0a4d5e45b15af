package portcheck

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/tcptune/tcptune/internal/host"
)

// judgeInit finds the socket unit for which PID 1 holds the socket. What that triggers is stopped after it, and so are
// other sockets that would bring it back. Where it would start something that is guarded, it is guarded itself,
// whatever its name is.
func (f *facts) judgeInit(h Holder, o Owner, order Order) []Act {
	var units []host.Unit
	var names []string
	for _, u := range f.sockets {
		if listensOn(u, h.Socket) {
			units, names = append(units, u), append(names, u.Name)
		}
	}
	store, ok := unitOf(h.Origin)
	switch u := f.units[store]; {
	case len(units) == 0 && ok && u.Stored > 0 && (u.Active == host.Inactive || u.Active == "failed"):
		return []Act{refusal(h, o, "systemd keeps it in the file descriptor store of "+store.String()+
			", which does not run: sudo systemctl clean --what=fdstore "+store.name)}
	case len(units) == 0 && ok && u.Stored > 0:
		a := f.judgeService(h, o, store, order)
		a.store = true
		if a.Status == report.Planned {
			a.Why += ", in the file descriptor store that systemd keeps for it"
		}
		return []Act{a}
	case len(units) == 0:
		return []Act{refusal(h, o, "it is PID 1, and no socket unit that is active says that it listens there")}
	case len(units) > 1: // on different interfaces, or in other network namespaces: which is whose, systemd does not tell
		return []Act{
			refusal(
				h,
				o,
				"it is PID 1, and several socket units say that they listen there: systemctl stop the right one of "+strings.Join(
					names,
					", ",
				),
			),
		}
	}
	var acts []Act
	names = append(names, f.bringBack(units[0])...)
	sockets := len(names)
	for i, name := range append(names, units[0].Triggers...) {
		a := f.judgeService(h, o, unitName{name: name}, order)
		if a.Status == report.Refused {
			return []Act{a}
		}
		is := f.units[unitName{name: name}].Active
		if i < sockets || is == host.Active || is == "activating" || is == "reloading" {
			acts = append(acts, a)
		}
	}
	return acts
}

// bringBack are the other active sockets of the service of a socket, where that service wants it (Sockets= implies
// that): the next client of theirs would start the service, and so open the socket again.
func (f *facts) bringBack(socket host.Unit) (names []string) {
	for _, u := range f.sockets {
		if u.Name != socket.Name && slices.ContainsFunc(u.Triggers, func(service string) bool {
			return slices.Contains(socket.Triggers, service) &&
				slices.Contains(f.units[unitName{name: service}].Wants, socket.Name)
		}) {
			names = append(names, u.Name)
		}
	}
	return names
}

// listensOn reports whether u listens on s: "[::]:8080", "0.0.0.0:22", "8080", "[fe80::1]:8080%eth0".
func listensOn(u host.Unit, s Socket) bool {
	kind := map[Protocol]string{TCP: "Stream", UDP: "Datagram"}[s.Protocol]
	port := ":" + strconv.Itoa(int(s.Port()))
	for _, l := range u.Listen {
		address := l.Address
		if i := strings.LastIndexByte(address, '%'); i > strings.LastIndexByte(address, ']') { // the interface
			address = address[:i]
		}
		if l.Type != kind || !strings.HasSuffix(address, port) {
			continue
		}
		at, _, _ := strings.Cut(strings.Trim(strings.TrimSuffix(address, port), "[]"), "%")
		if local := s.Local.Addr().WithZone(""); at == local.String() || at == local.Unmap().String() || at == "" || at == "*" {
			return true
		}
	}
	return false
}
