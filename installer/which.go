package installer

import (
	"cmp"
	"fmt"
	"path"
	"slices"

	"github.com/tcptune/tcptune/internal/report"
)

// The states of a [report.GoShell].
const (
	shellActive  = "active"
	shellOther   = "other"
	shellNone    = "none"
	shellUnknown = "unknown"
)

// seeker is what looks for go in a PATH of its own, and how to make it find another.
type seeker struct {
	name   string
	blind  string // why its PATH cannot be told; "" when it can
	path   searchPath
	doubts []doubt
	vars   map[string]string   // of [goVariables], those that are set
	setBy  map[string]string   // and where
	maybe  map[string][]string // and where they may be set, which nobody can tell
	where  string              // what is to be changed; "": PATH, in the file that has put the folder there
}

// doubt is a line of which nobody can tell what it makes of PATH, or whether it does.
type doubt struct {
	origin string
	path   searchPath // that it would make; nil: not known
}

// goVariables are the variables by which a go becomes another one, or behaves as another one.
func goVariables() []string { return []string{"GOROOT", "GOFLAGS", "GOTOOLCHAIN", "GOBIN"} }

// Shells says which go is found by what the files in /etc make of PATH: in a login shell, in another shell, and by
// sudo. These are plain looks, at lines that are written out; no shell is run, and no file of a user is opened. What a
// user has added to that, his shell alone can tell: [Site.AskShells].
func (s Site) Shells() (list []report.GoShell) {
	session := s.session()
	list = append(list, s.judge(s.login(session)), s.judge(session))
	if exists(s.h, "/usr/bin/sudo") {
		list = append(list, s.judge(s.sudo(session)))
	}
	return list
}

// Strays are the shells that would not run the active Go, in words; none when there is no active one.
func (s Site) Strays() (lines []string) {
	for _, g := range s.Shells() {
		var found string
		switch g.State {
		case shellOther:
			found = "runs " + g.Go
			if g.Version != "" {
				found += ", Go " + g.Version
			}
		case shellNone:
			found = "finds no go"
		default:
			continue
		}
		line := fmt.Sprintf("%s %s: %s", g.Target, found, g.Why)
		if g.Fix != "" {
			line += "; to run the active one, " + g.Fix
		}
		lines = append(lines, line)
	}
	return lines
}

// activeProgram is the file that is the active go, "" when there is none.
func (s Site) activeProgram() string {
	real, err := s.h.Resolve(path.Join(Current, "bin/go"))
	if err != nil {
		return ""
	}
	return real
}

// judge says what k finds.
func (s Site) judge(k seeker) report.GoShell {
	g := report.GoShell{
		Target: k.name, Goroot: k.vars["GOROOT"], Goflags: k.vars["GOFLAGS"],
		Gotoolchain: k.vars["GOTOOLCHAIN"],
	}
	if k.blind != "" {
		g.State, g.Why = shellUnknown, k.blind
		return g
	}
	file, in := k.path.find(s.h)
	g.Go = file
	if file == "" {
		g.State, g.Why = shellNone, fmt.Sprintf("no folder of PATH has one (%s)", k.path.origins())
	} else {
		real, _ := s.h.Resolve(file)
		s.found(&g, real)
		g.Why = fmt.Sprintf("%s comes first in PATH, by %s", in.dir, in.origin)
	}
	for _, d := range k.doubts {
		if other, _ := d.path.find(s.h); d.path == nil || other != file {
			g.Doubts = append(g.Doubts, "cannot tell what "+d.origin+" makes of it")
		}
	}
	for _, variable := range goVariables() {
		for _, origin := range k.maybe[variable] {
			g.Doubts = append(g.Doubts, fmt.Sprintf("cannot tell whether %s sets %s", origin, variable))
		}
	}
	if active := s.activeProgram(); active != "" && g.State != shellActive {
		g.Fix = k.fix(file, in)
	}
	return g
}

// found fills in whose go it is that was found, and real what it leads to.
func (s Site) found(g *report.GoShell, real string) {
	g.State = shellOther
	if real == s.activeProgram() {
		g.State = shellActive
	}
	g.Version, g.By = s.whose(g.Go, real)
}

// fix is what makes k find the active go.
func (k seeker) fix(file string, in folder) string {
	switch {
	case file == "":
		return fmt.Sprintf("add %s to %s", commands, cmp.Or(k.where, "PATH, see "+k.path.origins()))
	case slices.Contains([]string{commands, path.Join(Current, "bin")}, in.dir):
		return fmt.Sprintf("move %s away", file)
	}
	return fmt.Sprintf("put %s before %s in %s", commands, in.dir, cmp.Or(k.where, in.origin))
}
