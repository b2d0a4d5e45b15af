package whowins

import (
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// assignment is one line of a file, as one of the tools understands it.
type assignment struct {
	path    string // below /proc/sys, separated by slashes, as the tool holds it: "net/ipv4//tcp_rmem" stays that
	key     string // the path that opening it leads to, "net/ipv4/tcp_rmem"; "" where it leads nowhere
	value   string
	exclude bool // "-key" without a value: keep wildcards off this key
	ignore  bool // "-key = value": a failure is no error
	origin  Origin
	earlier []assignment // assignments of the same key that this one replaced
}

// maxLine is LONG_LINE_MAX of systemd: it stops reading a file at the first line of this many bytes.
const maxLine = 1 << 20

// What may be wrong with a line.
const (
	noValue     = "the value is missing"
	notAssigned = "not an assignment"
	keyMissing  = "not an assignment: the key is missing"
	lineTooLong = "the line is longer than 1 MiB: systemd ignores it and the rest of the file"
)

// parse returns the assignments of a file in order. report is called for each line that is neither an assignment nor
// empty nor a comment, and for the line at which reading stops.
func (ru rules) parse(data []byte, origin Origin, report func(Origin, string)) []assignment {
	var list []assignment
	number := 0
	for physical := range strings.Lines(string(data)) {
		number++
		origin.Line = number
		for _, text := range ru.split(strings.TrimSuffix(physical, "\n")) {
			if ru.shortLines && len(text) >= maxLine {
				report(origin, lineTooLong)
				return list
			}
			a, problem := ru.parseLine(text)
			if problem != "" {
				report(origin, problem)
			}
			if a.path != "" {
				a.origin = origin
				list = append(list, a)
			}
		}
	}
	return list
}

// split cuts a line, which has no newline any more, into what the tool takes for lines. For systemd (read_line in
// src/basic/fileio.c) a carriage return and a zero byte end a line too; procps works on C strings, which end at a zero.
func (ru rules) split(text string) []string {
	if ru.crEndsLine && strings.ContainsAny(text, "\r\x00") {
		return strings.FieldsFunc(text, func(r rune) bool { return r == '\r' || r == 0 })
	}
	text, _, _ = strings.Cut(text, "\x00")
	return []string{text}
}

func (ru rules) blanks() string {
	if ru.formFeedSpace {
		return " \t\r\v\f"
	}
	return " \t\r"
}

func (ru rules) parseLine(text string) (a assignment, problem string) {
	if ru.strtok {
		// procps 3 trims the beginning of a line of blanks and tabs only.
		text = strings.TrimLeft(strings.TrimRight(text, ru.blanks()), " \t")
	} else {
		text = strings.Trim(text, ru.blanks())
	}
	if text != "" && strings.IndexByte("#;", text[0]) >= 0 {
		if ru.comments {
			return a, ""
		}
		text = strings.TrimLeft(text[1:], ru.blanks())
	}
	if text == "" {
		return a, ""
	}
	if ru.strtok {
		text = strings.TrimLeft(text, "=")
	}
	key, value, assigned := strings.Cut(text, "=")
	dash := strings.HasPrefix(key, "-")
	switch {
	case assigned:
	case !dash:
		return a, notAssigned
	case !ru.excludes:
		return a, "this procps knows no exclusions and ignores the line"
	}
	if dash && ru.dashStripped {
		key = key[1:]
	}
	key = strings.TrimRight(key, ru.blanks())
	if ru.dashBlanks {
		key = strings.TrimLeft(key, ru.blanks())
	}
	if ru.doubleDash {
		key = strings.TrimPrefix(key, "-")
	}
	if ru.strtok {
		value, _, _ = strings.Cut(strings.TrimLeft(value, "\r"), "\r")
		if value == "" {
			return a, noValue
		}
	}
	value = strings.Trim(value, ru.blanks())
	switch {
	case key == "":
		return a, keyMissing
	case len(key) > unix.PathMax:
		return a, "not an assignment: the key is longer than a path can be"
	case assigned && value == "":
		problem = noValue
	case strings.Contains(value, "#"):
		problem = "a comment after a value is taken as a part of the value"
	}
	a = assignment{path: ru.normal(key), value: value, exclude: !assigned, ignore: dash && assigned}
	a.key = ru.names(a.path)
	return a, problem
}

// normal turns a key into a path below /proc/sys. sysctl.d(5): where the first separator is a slash, all is left alone;
// where it is a dot, dots and slashes change places, so that "net.ipv4.conf.eth0/100.forwarding" can name eth0.100.
func (ru rules) normal(key string) string {
	if ru.plainDots {
		return strings.ReplaceAll(key, ".", "/")
	}
	first := strings.IndexAny(key, "/.")
	if first >= 0 && (key[first] == '.' || !ru.firstDecides || ru.alwaysSwap) {
		key = host.SwapSeparators(key)
	}
	if !ru.simplify {
		return key
	}
	var parts []string
	for part := range strings.SplitSeq(key, "/") {
		if part != "" && part != "." {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "/")
}

// names returns the path of the key that a tool writes when it opens p below /proc/sys, or "" when it cannot be one.
func (ru rules) names(p string) string {
	if strings.Contains(p, "..") && !ru.dotDot {
		for part := range strings.SplitSeq(p, "/") {
			if part == ".." {
				return ""
			}
		}
	}
	if strings.HasSuffix(p, "/") || strings.HasSuffix(p, "/.") {
		return "" // open(2) takes a final slash only behind a folder
	}
	if ru.deprecated {
		// procps 3.3.17 refuses the two names, which once stood for jiffies.
		switch path.Base(p) {
		case "base_reachable_time", "retrans_time":
			return ""
		}
	}
	key, found := strings.CutPrefix(path.Clean(procSys+p), procSys)
	if !found {
		return ""
	}
	return key
}

const procSys = "/proc/sys/"
