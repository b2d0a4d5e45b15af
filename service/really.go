package service

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"

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

// tables are the sockets that the kernel has open, whatever systemd has in its books.
type tables struct {
	h        host.Host
	tcp, udp []host.SocketRow
	unix     []host.UnixSocket
}

// lookUp reads the tables that are needed to find addresses of socket units.
func lookUp(h host.Host, listen []host.Listen) (t tables, err error) {
	t.h = h
	if t.tcp, err = h.ListeningSockets(); err != nil {
		return t, err
	}
	if t.udp, err = h.DatagramSockets(); err != nil {
		return t, err
	}
	if slices.ContainsFunc(listen, func(l host.Listen) bool { return isUnix(l.Address) }) {
		t.unix, err = h.UnixSockets()
	}
	return t, err
}

// closed says of the addresses of socket units that are open in the books of systemd only why they are not open.
func (t tables) closed(listen []host.Listen) (lines []string) {
	for _, l := range listen {
		rows, known := map[string][]host.SocketRow{"Stream": t.tcp, "Datagram": t.udp}[l.Type]
		a, err := parseLoaded(l.Address)
		switch {
		case isUnix(l.Address):
			if why := t.pathClosed(l); why != "" {
				lines = append(lines, why)
			}
		case err == nil && known && !slices.ContainsFunc(rows, func(r host.SocketRow) bool { return isAt(r, a) }):
			lines = append(lines, "nothing listens on "+l.Address)
		}
	}
	return lines
}

// pathClosed says why clients of a path do not reach the socket that was opened there, "" where they do. Who opens a
// path takes it from the one before, who goes on listening where nobody comes: so the path has to lead to a socket,
// and there has to be one only that was opened under that name.
func (t tables) pathClosed(l host.Listen) string {
	fi, err := t.h.Stat(l.Address)
	if errors.Is(err, os.ErrPermission) {
		return fmt.Sprintf("who listens on %s is not known: %v", l.Address, host.Cause(err))
	}
	bound, leads := 0, false
	for _, s := range t.unix {
		if s.Path == l.Address && s.Listening == (l.Type != "Datagram") {
			bound++
			leads = leads || err == nil && uint32(inode(fi)) == s.File
		}
	}
	switch {
	case !leads:
		return "nothing listens on " + l.Address
	case bound > 1:
		return fmt.Sprintf("%d sockets were opened on %s, which leads to one of them only", bound, l.Address)
	}
	return ""
}

func inode(fi fs.FileInfo) uint64 {
	st, _ := fi.Sys().(*syscall.Stat_t)
	if st == nil {
		return 0
	}
	return st.Ino
}

// waiting is how many clients nobody has accepted.
func (t tables) waiting(listen []host.Listen) (n int) {
	for _, l := range listen {
		if l.Type != "Stream" { // a datagram has no client that waits to be accepted
			continue
		}
		for _, s := range t.unix {
			if s.Path == l.Address {
				n += int(s.Waiting)
			}
		}
		a, _ := parseLoaded(l.Address) // an address of another kind has port 0
		for _, row := range t.tcp {
			if isAt(row, a) {
				n += int(row.Waiting)
			}
		}
	}
	return n
}

// isAt reports whether a socket is bound to an address of a socket unit.
func isAt(r host.SocketRow, a netip.AddrPort) bool {
	return r.Local.Port() == a.Port() && r.Local.Addr().Unmap() == a.Addr().WithZone("").Unmap()
}
