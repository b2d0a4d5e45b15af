package installer

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

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
	path   searchPath
	doubts []doubt
	notes  []string
	where  string // what is to be changed; "": PATH, in the file that has put the folder there
	advice string // what to do, where that is always the same
}

// Shells says which go each kind of shell would run now, sudo and cron too. It only reads files, and runs no shell: what
// they say that cannot be judged is among the doubts. Of users only those are named for whom another go is found; unread
// are those whose files this process may not read.
func (s Site) Shells() (list []report.GoShell, unread []string) {
	m := machine{h: s.h}
	m.observe()
	for _, k := range m.system() {
		list = append(list, s.judge(k))
	}
	if m.sudo() {
		k, err := m.sudoSeeker()
		if err != nil {
			list = append(list, report.GoShell{Target: "sudo", State: shellUnknown, Why: err.Error()})
		} else {
			list = append(list, s.judge(k))
		}
	}
	list = append(list, s.schedules(m)...)
	users, unread := s.users(m, list)
	return append(list, users...), unread
}

// Strays are the shells that would not run the active Go, in words; none when there is no active one.
func (s Site) Strays() (lines []string) {
	list, _ := s.Shells()
	for _, g := range list {
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
	file, in, unsure := k.path.find(s.h)
	g := report.GoShell{Target: k.name, Go: file, Doubts: slices.Clone(k.notes)}
	active := s.activeProgram()
	real := ""
	if file == "" {
		g.State, g.Why = shellNone, fmt.Sprintf("no folder of PATH has one (%s)", k.path.origins())
	} else {
		real, g.Version, g.By = s.whose(file)
		g.State, g.Why = shellOther, fmt.Sprintf("%s comes first in PATH, by %s", in.dir, in.origin)
		if real == active {
			g.State = shellActive
		}
	}
	for _, f := range unsure {
		g.Doubts = append(g.Doubts, "a folder that comes before, by "+f.origin+", is not known")
	}
	for _, d := range k.doubts {
		other, in, _ := d.path.find(s.h)
		if r, _, _ := s.whose(other); other != "" && r != real {
			g.Doubts = append(g.Doubts, fmt.Sprintf("%s may put %s first, where another go is", d.origin, in.dir))
		}
	}
	if g.State != shellActive && active != "" {
		g.Fix = k.fix(file, in)
	}
	return g
}

// fix is what makes k find the active go.
func (k seeker) fix(file string, in folder) string {
	switch {
	case k.advice != "":
		return k.advice
	case file == "":
		return fmt.Sprintf("add %s to %s", commands, cmp.Or(k.where, "PATH, see "+k.path.origins()))
	case in.dir == commands || in.dir == path.Join(Current, "bin"):
		return fmt.Sprintf("move %s away", file)
	}
	return fmt.Sprintf("put %s before %s in %s", commands, in.dir, cmp.Or(k.where, in.origin))
}

// users are the shells of users for whom another go is found than for all.
func (s Site) users(m machine, general []report.GoShell) (list []report.GoShell, unread []string) {
	usual := map[string]report.GoShell{}
	for _, g := range general {
		usual[g.Target] = g
	}
	for _, u := range m.accounts {
		if _, err := s.h.Stat(path.Join("/", u.home, ".profile")); errors.Is(err, fs.ErrPermission) {
			unread = append(unread, u.name)
			continue
		}
		for _, k := range m.shellsOf(u) {
			kind := k.name
			k.name += " of " + u.name
			g := s.judge(k)
			if was := usual[kind]; g.Go != was.Go || !slices.Equal(g.Doubts, was.Doubts) {
				list = append(list, g)
			}
		}
	}
	return list, unread
}

// schedules are cron, and the crontabs for which another go is found.
func (s Site) schedules(m machine) (list []report.GoShell) {
	if !exists(s.h, "/usr/sbin/cron") {
		return nil
	}
	general := s.judge(m.cron())
	list = append(list, general)
	for _, k := range m.crontabs() {
		if g := s.judge(k); g.Go != general.Go {
			list = append(list, g)
		}
	}
	return list
}

// knownShell names a shell whose start-up files are understood, "" for another one.
func knownShell(file string) string {
	if base := path.Base(file); slices.Contains([]string{"sh", "dash", "bash", "zsh"}, base) {
		return strings.Replace(base, "dash", "sh", 1)
	}
	return ""
}
