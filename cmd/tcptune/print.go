package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shown is text that may go to a terminal as it is: what printf has made safe, with the colours and the line breaks
// that we have put into it.
type shown string

// printf is how every text of every command is printed. What is put into the format did not come from us (names of
// files, values of keys, command lines of processes, what servers say), so each string, error and Stringer of it is
// made safe: it can neither steer a terminal nor make a line that looks like one of ours. A shown is.
func printf(w io.Writer, format string, args ...any) {
	for i, a := range args {
		switch a := a.(type) {
		case shown:
			args[i] = string(a)
		case string:
			args[i] = oneLine(a)
		case error:
			args[i] = oneLine(a.Error())
		case fmt.Stringer:
			args[i] = oneLine(a.String())
		}
	}
	fmt.Fprintf(w, format, args...)
}

// oneLine is s with everything that does not print (control characters, escapes, line breaks, marks that turn the
// direction of writing, what is no UTF-8) as Go would write it between quotation marks.
func oneLine(s string) string {
	if strings.IndexFunc(s, unprintable) < 0 {
		return s
	}
	var out strings.Builder
	for i, r := range s {
		switch {
		case !unprintable(r):
			out.WriteRune(r)
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(s[i:]); size > 1 {
				out.WriteRune(r)
				continue
			}
			fmt.Fprintf(&out, `\x%02x`, s[i])
		default:
			out.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return out.String()
}

// unprintable is also true of the sign that stands for what is no UTF-8.
func unprintable(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }
