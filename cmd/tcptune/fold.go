package main

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// usualColumns is how wide a terminal is that does not say so.
const usualColumns = 80

// folded is w where it is no terminal, or else a writer that breaks the lines which are wider than the terminal. end
// writes what has no end of line yet.
func folded(w io.Writer, columns int) (out io.Writer, end func()) {
	if columns == 0 {
		return w, func() {}
	}
	f := &fold{w: w, columns: columns}
	return f, f.end
}

// columnsOf is how wide the terminal w is, 0 where it is none.
func columnsOf(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !isTerminal(f) {
		return 0
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		return usualColumns
	}
	return max(int(size.Col), 40)
}

// fold breaks lines at blanks. What is broken off goes on below the text of the line, four columns further in.
type fold struct {
	w       io.Writer
	columns int
	line    string // not yet ended
}

func (f *fold) Write(p []byte) (int, error) {
	f.line += string(p)
	for {
		line, rest, found := strings.Cut(f.line, "\n")
		if !found {
			return len(p), nil
		}
		f.line = rest
		if _, err := io.WriteString(f.w, foldLine(strings.TrimRight(line, " "), f.columns)+"\n"); err != nil {
			return 0, err
		}
	}
}

func (f *fold) end() {
	if f.line != "" {
		_, _ = io.WriteString(f.w, foldLine(f.line, f.columns))
	}
}

func foldLine(line string, columns int) string {
	indent := strings.Repeat(" ", min(len(line)-len(strings.TrimLeft(line, " "))+4, columns/2))
	var out strings.Builder
	for width(line) > columns {
		at := breakAt(line, columns)
		out.WriteString(strings.TrimRight(line[:at], " ") + "\n")
		line = indent + strings.TrimLeft(line[at:], " ")
	}
	return out.String() + line
}

// breakAt is where line is to be broken so that the first part has no more than that many columns: behind the last
// blank with text before it, or in a word that is longer.
func breakAt(line string, columns int) int {
	used, blank, end := 0, 0, 0
	text := len(line) - len(strings.TrimLeft(line, " "))
	for i := 0; i < len(line); {
		if n := escape(line[i:]); n > 0 {
			i += n
			continue
		}
		if used == columns {
			end = i
			break
		}
		_, n := utf8.DecodeRuneInString(line[i:])
		if line[i] == ' ' && i > text {
			blank = i + 1
		}
		i, used = i+n, used+1
	}
	if line[end] == ' ' || blank == 0 {
		return end
	}
	return blank
}

// width is how many columns s takes. What printf has not let through has none of the signs that take two or none, but
// for those of eastern scripts, which are not in what we say.
func width(s string) (columns int) {
	for i := 0; i < len(s); {
		if n := escape(s[i:]); n > 0 {
			i += n
			continue
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		i, columns = i+n, columns+1
	}
	return columns
}

// escape is the length of one of our colours at the beginning of s, 0 for anything else.
func escape(s string) int {
	if !strings.HasPrefix(s, "\x1b[") {
		return 0
	}
	return strings.IndexByte(s, 'm') + 1
}
