package main

import (
	"bytes"
	"strings"

	"github.com/cpuguy83/go-md2man/v2/md2man"
)

// roff renders a page that is written in Markdown. The library leaves empty lines, which mandoc(1) does not like, and
// hyphens, which groff may show as a character that no shell takes for a minus sign: groff_char(7). Words are neither
// hyphenated nor spread, since most of them are names; examples are indented.
func roff(markdown string) []byte {
	var out bytes.Buffer
	example := false
	for line := range strings.Lines(string(md2man.Render([]byte(markdown)))) {
		switch {
		case strings.HasPrefix(line, ".TH "): // which resets both
			line += ".nh\n.ad l\n"
		case line == ".nh\n", line == "\n" && !example:
			continue
		case line == ".EX\n":
			example, line = true, ".RS 4\n.EX\n"
			if !bytes.HasSuffix(out.Bytes(), []byte(".SH EXAMPLES\n")) {
				line = ".PP\n" + line
			}
		case line == ".EE\n":
			example, line = false, ".EE\n.RE\n"
		case !strings.HasPrefix(line, "."):
			line = strings.ReplaceAll(strings.ReplaceAll(line, `\-`, "-"), "-", `\-`)
		}
		out.WriteString(line)
	}
	return out.Bytes()
}
