package whowins

import (
	"path"
	"strings"
)

// Line is what one line of a text says, as systemd-sysctl reads it.
type Line struct {
	Setting        // without a key where the line assigns none
	Text    string // the line, without the blanks around it
	Problem string // why it is not taken as it was probably meant, or ""
}

// newestSystemd is the release whose rules a text is read by that is not on a host yet.
const newestSystemd = 259

// Lines reads a text in the form of sysctl.d(5): the lines that say something, in order. It ends at a line of 1 MiB,
// as systemd does.
func Lines(data []byte, file string) (lines []Line) {
	ru := systemdRules(newestSystemd)
	number := 0
	for physical := range strings.Lines(string(data)) {
		number++
		for _, text := range ru.split(strings.TrimSuffix(physical, "\n")) {
			l := Line{Text: strings.Trim(text, ru.blanks())}
			l.Origin = Origin{File: file, Line: number}
			if len(text) >= maxLine {
				l.Text, l.Problem = "", "the line is longer than 1 MiB: systemd ignores it and the rest of the file"
				return append(lines, l)
			}
			a, problem := ru.parseLine(text)
			if a.path == "" && problem == "" {
				continue
			}
			if a.path != "" {
				a.origin = l.Origin
				l.Setting = a.setting(a.path)
			}
			l.Problem = problem
			lines = append(lines, l)
		}
	}
	return lines
}

// TooMuch says what there is too much of in a text that no tool could sensibly be given, or returns "".
func TooMuch(data []byte) string {
	left := room{maxLines, maxWildcards}
	return left.take(data)
}

// IsTuned reports whether a text is not in the form of sysctl.d(5) but in that of TuneD and saptune: sections, one of
// which is for sysctl.
func IsTuned(data []byte, file string) bool {
	if path.Base(file) == "tuned.conf" {
		return true
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		default:
			return line[0] == '[' && line[len(line)-1] == ']' && !strings.ContainsAny(line, `"=,{ `)
		}
	}
	return false
}

// TunedLines reads the sections for sysctl of a text in the form of TuneD. The quotation marks around a value, which
// TuneD drops, are dropped; variables that the text does not define stay.
func TunedLines(data []byte, file string) (lines []Line) {
	l := tunedLoader{variables: map[string]string{}}
	sections := parseTuned(string(data))
	for _, s := range sections {
		if s.name != "variables" {
			continue
		}
		for _, o := range s.options {
			l.variables[o.key] = o.value
		}
	}
	for _, s := range sections {
		unit, ours := s.unit(Origin{File: file}, tunedRules(""))
		if !ours {
			continue
		}
		for _, a := range unit.options {
			line := Line{Setting: a.setting(a.path), Text: a.path + "=" + a.value}
			line.Value = strings.Trim(l.expand(a.value), `"`)
			lines = append(lines, line)
		}
	}
	return lines
}

// LateModule is the module without which the kernel does not have the key, where nothing has loaded it when
// systemd-sysctl runs; "" for every other key.
func (f *Forecaster) LateModule(key string) string {
	return f.lateModule(rules{firstDecides: true, simplify: true}.normal(key))
}

// Applied reports whether something reads the file at boot: systemd-sysctl, or ufw or TuneD where they are enabled.
func (f *Forecaster) Applied(file string) bool {
	for _, m := range []*model{f.boot, f.restart, f.ufw} {
		if m == nil {
			continue
		}
		for _, n := range m.nodes {
			if n.origin.File == file || n.origin.Target != "" && target(n.origin) == file {
				return true
			}
			for _, e := range n.earlier {
				if e.origin.File == file || e.origin.Target != "" && target(e.origin) == file {
					return true
				}
			}
		}
	}
	return false
}

// target is where the link that o's file is leads to.
func target(o Origin) string {
	if path.IsAbs(o.Target) {
		return path.Clean(o.Target)
	}
	return path.Join(path.Dir(o.File), o.Target)
}
