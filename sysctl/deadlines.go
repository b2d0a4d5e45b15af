package sysctl

import (
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/internal/trail"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

// DeadLines are the administrator's lines that decide nothing beside our file as it is to be: without it each of them
// would decide about a key in at least one of the ways in which files are applied, with it in none. New are those that
// are not dead yet.
func (d *Draft) DeadLines() []report.DeadLine {
	var keys []string
	for _, dec := range d.decisions {
		if dec.line && d.own.Content != nil {
			keys = append(keys, dec.key.Name)
		}
	}
	dead, already := d.survey.beaten(d.forecast, keys), d.DeadNow()
	for i := range dead {
		dead[i].New = !slices.Contains(already, dead[i])
	}
	return dead
}

// DeadNow are [Draft.DeadLines] beside our file as it is.
func (d *Draft) DeadNow() []report.DeadLine {
	var keys []string
	lines := d.survey.ownLines()
	for _, dec := range d.decisions {
		if _, listed := lines[dec.key.Name]; listed {
			keys = append(keys, dec.key.Name)
		}
	}
	return d.survey.beaten(d.survey.Now, keys)
}

// beaten are the administrator's lines about keys that decide without our file and not with the files of f.
func (s *Survey) beaten(f *whowins.Forecaster, keys []string) (dead []report.DeadLine) {
	for _, key := range keys {
		alive := deciding(f.Key(key))
		for _, set := range deciding(s.Elsewhere.Key(key)) {
			same := func(o whowins.Setting) bool { return s.sameLine(o.Origin, set.Origin) }
			if set.Glob == "" && administrators(set.Origin.File) && !slices.ContainsFunc(alive, same) {
				dead = append(dead, report.DeadLine{
					Target: key, At: set.Origin.String(), Value: trail.Value(key, set.Value),
				})
			}
		}
	}
	return dead
}

// sameLine reports whether a and b are one line, also where one of the files is a link to the other, as
// /etc/sysctl.d/99-sysctl.conf is to /etc/sysctl.conf.
func (s *Survey) sameLine(a, b whowins.Origin) bool {
	if a == b || a.Line != b.Line {
		return a == b
	}
	one, errOne := s.reader.Resolve(a.File)
	other, errOther := s.reader.Resolve(b.File)
	return errOne == nil && errOther == nil && one == other
}

// deciding are the lines that decide about a key in one of the ways in which files are applied, each once.
func deciding(fc whowins.Forecast) (lines []whowins.Setting) {
	outcomes := []whowins.Outcome{fc.Reboot, fc.Restart, fc.SysctlSystem}
	for _, race := range fc.Races {
		outcomes = append(outcomes, race.Either, race.Or)
	}
	for _, o := range outcomes {
		if o.Set != nil && !slices.ContainsFunc(lines, func(l whowins.Setting) bool { return l.Origin == o.Set.Origin }) {
			lines = append(lines, *o.Set)
		}
	}
	return lines
}

// administrators reports whether a file is the administrator's to edit, and no vendor's.
func administrators(file string) bool {
	return !strings.HasPrefix(file, "/usr/lib/") && !strings.HasPrefix(file, "/lib/")
}
