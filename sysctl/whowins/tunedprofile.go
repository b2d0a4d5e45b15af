package whowins

import "strings"

// tunedSection is a section of a tuned.conf, in the INI dialect of Python's configparser.
type tunedSection struct {
	name    string
	options []tunedOption
}

type tunedOption struct {
	key, value string
	line       int
	more       []string // the lines that the value goes on over
}

// parseTuned reads a tuned.conf. A comment may follow a value behind a blank and "#"; an indented line goes on with the
// value above it.
func parseTuned(text string) []tunedSection {
	sections := []tunedSection{{}}
	number := 0
	for line := range strings.Lines(text) {
		number++
		at := &sections[len(sections)-1]
		trimmed := strings.TrimSpace(tunedComment(line))
		switch {
		case trimmed == "" || trimmed[0] == ';':
		case strings.ContainsAny(line[:1], " \t") && len(at.options) > 0:
			last := &at.options[len(at.options)-1]
			last.more = append(last.more, trimmed)
		case trimmed[0] == '[' && trimmed[len(trimmed)-1] == ']':
			sections = append(sections, tunedSection{name: trimmed[1 : len(trimmed)-1]})
		default:
			key, value, _ := strings.Cut(trimmed, "=")
			at.options = append(
				at.options,
				tunedOption{key: strings.TrimSpace(key), value: strings.TrimSpace(value), line: number},
			)
		}
	}
	for _, s := range sections {
		for i, o := range s.options {
			s.options[i].value = strings.Join(append([]string{o.value}, o.more...), "\n")
		}
	}
	return sections
}

func tunedComment(line string) string {
	for at := range len(line) {
		if line[at] == '#' && (at == 0 || line[at-1] == ' ' || line[at-1] == '\t') {
			return line[:at]
		}
	}
	return line
}

// unit returns s as a unit of the sysctl plugin; ok is false when it belongs to another plugin.
func (s tunedSection) unit(origin Origin, ru rules) (u tunedUnit, ok bool) {
	u.name = s.name
	plugin := s.name
	for _, o := range s.options {
		switch o.key {
		case "type":
			plugin = o.value
		case "replace":
			u.replace = tunedTrue(o.value)
		case "enabled":
			u.off = !tunedTrue(o.value)
		case "drop":
			u.drop = tunedList(o.value)
		case "devices", "priority", "uname_regex", "cpuinfo_regex", "script_pre", "script_post":
		default:
			origin.Line = o.line
			a := assignment{path: ru.normal(o.key), value: o.value, origin: origin}
			a.key = ru.names(a.path)
			u.options = append(u.options, a)
		}
	}
	return u, plugin == "sysctl"
}

func tunedTrue(value string) bool {
	switch strings.ToLower(value) {
	case "1", "true", "yes", "on", "y", "t":
		return true
	}
	return false
}

// tunedList splits a list of names.
func tunedList(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(",; \t", r) })
}
