package service

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// Each address has a socket unit of its own, so that a change closes none that it does not concern: systemd opens and
// closes a unit as a whole. The first one is NAME.socket, the others NAME-ADDRESS.socket. systemd starts no socket unit
// whose service runs; but the service wants all of them, and a restart of it opens, between the two processes, those that
// are not open yet.

const socketSuffix = ".socket"

// listenUnit is a socket unit for clients.
type listenUnit struct {
	suffix string
	listen []string
}

// listenUnits are those of s. NAME.socket may have several addresses, see [Spec.Together].
func (s Spec) listenUnits() []listenUnit {
	first := s.Together
	if len(first) == 0 {
		first = s.Listen[:min(1, len(s.Listen))]
	}
	units := []listenUnit{{socketSuffix, first}}
	for _, text := range s.Listen {
		if !slices.Contains(first, text) {
			units = append(units, listenUnit{ofAddress(text), []string{text}})
		}
	}
	return units
}

// ofAddress is the suffix of the unit of an address: "-127.0.0.1-8081.socket", "-udp-__1-53.socket" for udp:[::1]:53. It has
// no colon, which stands between the names that a program gets.
func ofAddress(text string) string {
	kind := "-"
	if isUDP(text) {
		kind, text = "-udp-", strings.TrimPrefix(text, udpPrefix)
	}
	if i := strings.LastIndex(text, ":"); i >= 0 {
		text = text[:i] + "-" + text[i+1:]
	}
	plain := strings.NewReplacer("[", "", "]", "", ":", "_", "/", "-", "%", "-").Replace(strings.TrimPrefix(text, "/"))
	return kind + plain + socketSuffix
}

// Sockets are the names of the socket units for clients, NAME.socket first.
func (s Spec) Sockets() (names []string) {
	for _, u := range s.listenUnits() {
		names = append(names, s.Name+u.suffix)
	}
	return names
}

// settled is s with the addresses in NAME.socket that it has already on h, and that are still wanted: tcptune has put all
// of them there before, and they stay so until one of them goes.
func (s Spec) settled(at site) Spec {
	s.Together = nil
	lines := func(listen []string) []string { return s.streams(listen) }
	now, err := at.read(report.File, path.Join(host.UnitFolder, s.Name+socketSuffix))
	if err != nil || now == nil {
		return s
	}
	var has []string
	for line := range strings.Lines(*now) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "Listen") {
			has = append(has, line)
		}
	}
	var stay, free []string
	for _, text := range s.Listen {
		switch {
		case !slices.ContainsFunc(lines([]string{text}), func(l string) bool { return !slices.Contains(has, l) }):
			stay = append(stay, text)
		case !at.has(s.Name + ofAddress(text)):
			free = append(free, text)
		}
	}
	switch {
	case len(stay) > 0 && len(lines(stay)) == len(has):
		s.Together = stay
	case len(stay) > 0: // it is opened anew, with one of them
		s.Together = stay[:1]
	case len(free) > 0: // rather than one that has a unit, and stays open
		s.Together = free[:1]
	}
	if slices.Equal(s.Together, s.Listen[:min(1, len(s.Listen))]) {
		s.Together = nil // as for a host that has none
	}
	return s
}

// has reports whether the service has installed a unit of that name.
func (at site) has(unit string) bool {
	return slices.ContainsFunc(at.ownUnits(), func(n string) bool { return n == unit })
}

// ownUnits are the units whose files the journal knows as those of the service.
func (at site) ownUnits() (names []string) {
	for _, o := range at.journal.Owned {
		if o.Source == sourceOf(at.name) && o.Kind == report.File && path.Dir(o.Target) == host.UnitFolder {
			names = append(names, path.Base(o.Target))
		}
	}
	return names
}

// unitsOf are all units that a service may have, sockets first. extra are names of socket units of addresses.
func unitsOf(name string, extra []string) (names []string) {
	for _, suffix := range suffixes()[:2] {
		names = append(names, name+suffix)
	}
	for _, n := range extra {
		if strings.HasSuffix(n, socketSuffix) && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	for _, suffix := range suffixes()[2:] {
		names = append(names, name+suffix)
	}
	return names
}

// opened are the socket units for clients as systemd knows them, as one: where any of them listens, and what is not open.
func (s Spec) opened(ctx context.Context, m unitAsker) (socket host.Unit, shut []string, err error) {
	for i, name := range s.Sockets() {
		u, err := m.Unit(ctx, name)
		if err != nil {
			return socket, nil, err
		}
		if i == 0 {
			socket = u
			continue
		}
		if u.Load == "not-found" { // NAME.socket has its address, as tcptune did it before
			continue
		}
		if u.Active != host.Active {
			shut = append(shut, u.Name)
		}
		socket.Listen = append(slices.Clone(socket.Listen), u.Listen...)
	}
	return socket, shut, nil
}

// unitAsker is systemd, asked for units.
type unitAsker interface {
	Unit(ctx context.Context, name string) (host.Unit, error)
}
