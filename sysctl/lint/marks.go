package lint

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

const (
	byteOrderMark = "\ufeff"
	typographic   = "\u2018\u2019\u201c\u201d\u201e\u201a\u00ab\u00bb\u2032\u2033\u0060\u00b4"
)

// marksOf finds what no editor shows, in the text as a whole. What it returns besides is the text without the mark
// before the first line.
func marksOf(name string, data []byte) (plain []byte, found []report.Finding, readable bool) {
	at := whowins.Origin{File: name}
	first := whowins.Origin{File: name, Line: 1}
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		return nil, append(found, finding(at, "encoding",
			"the text is in UTF-16, of which no tool understands a line", "save it as UTF-8, without a byte order mark")), false
	case bytes.HasPrefix(data, []byte(byteOrderMark)):
		found = append(found, finding(first, "byte-order-mark",
			"the file begins with a byte order mark, which every tool takes for a part of the first line: that line does nothing",
			"save it as UTF-8 without a byte order mark"))
		data = data[len(byteOrderMark):]
	}
	if bytes.Contains(data, []byte("\r\n")) {
		found = append(found, finding(at, "line-ends",
			"the lines end with a carriage return, as on Windows; systemd and procps drop it, scripts that read the file may not",
			"sed -i 's/\\r$//' "+name))
	}
	for i, line := range bytes.Split(data, []byte("\n")) {
		if bytes.IndexByte(line, 0) >= 0 {
			at := whowins.Origin{File: name, Line: i + 1}
			found = append(found, finding(at, "zero-byte",
				"the line has a zero byte: systemd takes it for the end of the line, procps reads nothing behind it", "remove it"))
			break
		}
	}
	return data, found, true
}

// oddSpace is the first character of s that looks like a space, or like nothing, and is none for any tool.
func oddSpace(s string) (r rune, found bool) {
	for _, r := range s {
		if r > unicode.MaxASCII && (unicode.IsSpace(r) || unicode.Is(unicode.Cf, r)) {
			return r, true
		}
	}
	return 0, false
}

// withoutOdd is s with plain spaces in the place of odd ones, and without marks that have no width.
func withoutOdd(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r <= unicode.MaxASCII:
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// quoted reports whether s stands in quotation marks, typed or printed ones, and returns it without.
func quoted(s string) (inner string, is bool) {
	inner = strings.Trim(s, `"'`+typographic)
	return strings.TrimSpace(inner), inner != s
}

// asUTF8 reports whether data can be read at all.
func asUTF8(data []byte) bool { return utf8.Valid(data) }
