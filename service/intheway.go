package service

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
)

// foreign is about what stands in the place of a file of the service and was not written by tcptune; odd says what it
// is, when that is no regular file or link.
func foreign(path, odd string) error {
	if odd == "" {
		odd = "tcptune has no record of having written it"
	}
	return &report.Error{
		Code: "foreign-file", Message: fmt.Sprintf("cannot replace %s: %s", path, odd),
		Hint: "choose another --name, or move " + path + " away",
	}
}

// elsewhere is about a file that another service of tcptune has.
func elsewhere(path, source string) error {
	return &report.Error{
		Code: "foreign-file", Message: fmt.Sprintf("cannot replace %s: it is a part of the %s", path, source),
		Hint: "choose another --name",
	}
}

// unixFree refuses the path of a Unix socket on which somebody else listens: systemd would take it away.
func (at site) unixFree(s Spec) error {
	if !at.h.Live() {
		return nil
	}
	table, err := at.h.ReadFile("/proc/net/unix")
	if err != nil {
		return nil //nolint:nilerr // nobody can be seen to listen
	}
	for _, text := range s.Listen {
		own := slices.ContainsFunc(at.ownUnits(), func(unit string) bool {
			suffix, ours := strings.CutPrefix(unit, at.name)
			return ours && slices.Contains(at.listening(suffix), "ListenStream="+text)
		})
		if isUnix(text) && !own && strings.Contains(string(table), " "+text+"\n") {
			return &report.Error{
				Code: "path-held", Message: fmt.Sprintf("cannot listen on %s: somebody else does", text), Hint: "choose another --listen",
			}
		}
	}
	return nil
}

// edited is about a file of the service that was changed since.
func edited(path string) error {
	return &report.Error{
		Code: "edited-file", Message: fmt.Sprintf("cannot replace %s: it was edited since tcptune wrote it", path),
		Hint: "keep settings of your own in a drop-in: move " + path + " away, then systemctl edit",
	}
}

// taken is about a unit of that name that is part of the system.
func taken(unit, fragment string) error {
	return &report.Error{
		Code: "name-taken", Hint: "choose another --name",
		Message: fmt.Sprintf("cannot install %s: a unit of that name is part of the system, in %s", unit, fragment),
	}
}
