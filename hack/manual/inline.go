package main

import (
	"regexp"
	"strings"
)

// sentence is a line of the help as one: it begins with a capital letter and ends with a full stop.
func sentence(usage string) string {
	if usage == "" {
		return ""
	}
	return inline(strings.ToUpper(usage[:1])+usage[1:]) + "."
}

// inline is text of the help in Markdown: flags in bold, placeholders in italics, all else as it is.
func inline(text string) string {
	text = regexp.MustCompile("`([^`]+)`").ReplaceAllString(escape(text), "*$1*")
	return regexp.MustCompile(`(^|[\s(])(--[a-z][a-z-]*)`).ReplaceAllString(text, "$1**$2**")
}

// placeholders is the rest of a synopsis: flags in bold, words in capitals in italics.
func placeholders(line string) string {
	line = regexp.MustCompile(`\b[A-Z]+\b`).ReplaceAllString(escape(line), "*$0*")
	return regexp.MustCompile(`(^|[\s\[])(--?[a-z][a-z-]*)`).ReplaceAllString(line, "$1**$2**")
}

func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`).Replace(text)
}
