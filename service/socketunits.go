package service

import (
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// Each address has a socket unit of its own, so that a change closes none that it does not concern: systemd opens and
// closes a unit as a whole. An address that stays keeps its unit, and so the socket that is open:
//
//   - NAME.socket is for the first address that comes while no other has it, each other one gets NAME-ADDRESS.socket;
//   - an address that goes takes its unit with it, NAME.socket too where none comes;
//   - NAME.socket may have several, as tcptune did it before. One of them that goes is taken out of it: systemd lets go of
//     that alone when it reads the unit again.
//
// systemd starts no socket unit whose service runs; but the service wants all of them, and a restart of it opens, between
// the two processes, those that are not open yet.

const (
	socketSuffix = ".socket"
	adminSuffix  = "-admin.socket"
)

// listenUnit is a socket unit for clients.
type listenUnit struct {
	suffix string
	listen []string
}

// listenUnits are those of s.
func (s Spec) listenUnits() (units []listenUnit) {
	first := s.Together
	if len(first) == 0 && !s.Apart {
		first = s.Listen[:min(1, len(s.Listen))]
	}
	if len(first) > 0 {
		units = append(units, listenUnit{socketSuffix, first})
	}
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

// Sockets are the names of the socket units for clients, NAME.socket first where there is one.
func (s Spec) Sockets() (names []string) {
	for _, u := range s.listenUnits() {
		names = append(names, s.Name+u.suffix)
	}
	return names
}

// lines are where the units listen.
func (s Spec) lines() (all []string) {
	for _, u := range s.listenUnits() {
		all = append(all, s.streams(u.listen)...)
	}
	return all
}

// Settled is s with its addresses in the units that they have by now on h, as j knows them.
func (s Spec) Settled(h host.Host, j plan.Journal) Spec {
	at := site{h: h, journal: j, name: s.Name}
	s.Together, s.Apart = nil, false
	first := at.listening(socketSuffix)
	var come []string
	for _, text := range s.Listen {
		switch lines := s.streams([]string{text}); {
		case within(lines, first):
			s.Together = append(s.Together, text)
		case !within(lines, at.listening(ofAddress(text))):
			come = append(come, text)
		}
	}
	slices.SortFunc(s.Together, func(a, b string) int { // as they stand there, so that its text stays, too
		return slices.Index(first, s.streams([]string{a})[0]) - slices.Index(first, s.streams([]string{b})[0])
	})
	if len(s.Together) == 0 {
		s.Together = come[:min(1, len(come))]
	}
	s.Apart = len(s.Together) == 0
	if slices.Equal(s.Together, s.Listen[:min(1, len(s.Listen))]) {
		s.Together = nil // as of a new one
	}
	return s
}

// listening are the lines of a socket unit of the service that say where it listens, none where it is not there.
func (at site) listening(suffix string) (lines []string) {
	text, err := at.read(report.File, path.Join(host.UnitFolder, at.name+suffix))
	if err != nil || text == nil {
		return nil
	}
	for line := range strings.Lines(*text) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "Listen") {
			lines = append(lines, line)
		}
	}
	return lines
}

// within reports whether all has all of some.
func within(some, all []string) bool {
	return !slices.ContainsFunc(some, func(l string) bool { return !slices.Contains(all, l) })
}

// ownUnits are the units whose files the journal knows as those of the service.
func (at site) ownUnits() (names []string) {
	for _, o := range at.journal.Owned {
		if o.Source == at.source() && o.Kind == report.File && path.Dir(o.Target) == host.UnitFolder {
			names = append(names, path.Base(o.Target))
		}
	}
	return names
}

// SocketsNow are the socket units that s has, or that j says it has until now.
func (s Spec) SocketsNow(j plan.Journal) (names []string) {
	for _, n := range unitsOf(s.Name, append(site{journal: j, name: s.Name}.ownUnits(), s.Sockets()...)) {
		if strings.HasSuffix(n, socketSuffix) {
			names = append(names, n)
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
