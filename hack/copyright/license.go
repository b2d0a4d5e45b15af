package main

import (
	"fmt"
	"regexp"
	"strings"
)

// shortName tells which licence a text is, by sentences that only that one has, and names it as DEP 5 does. A text that
// holds several ones, for several parts, is "A and B".
func shortName(text string) (string, error) {
	flat := strings.Join(strings.Fields(text), " ")
	has := func(s string) bool { return strings.Contains(flat, s) }
	var names []string
	if has("Redistribution and use in source and binary forms") {
		name := "BSD-2-clause"
		if has("endorse or promote products") {
			name = "BSD-3-clause"
		}
		names = append(names, name)
	}
	for _, l := range [][2]string{
		{"Permission is hereby granted, free of charge, to any person obtaining a copy", "Expat"},
		{"Apache License Version 2.0, January 2004", "Apache-2.0"},
		{"Mozilla Public License, version 2.0 1. Definitions", "MPL-2.0"},
	} {
		if has(l[0]) {
			names = append(names, l[1])
		}
	}
	if names == nil {
		return "", fmt.Errorf("unknown licence: %.60q", flat)
	}
	return strings.Join(names, " and "), nil
}

var copyrightLine = regexp.MustCompile(`(?i)^\W*copyright\s*(?:\(c\)|©)?\s*((?:19|20)\d\d.*|[A-Z].*)$`)

// holders reads the lines of a text that say who holds the copyright. The form that the Apache licence has in its
// appendix, and the sentences of a licence about copyright, are none.
func holders(text string) (list []string) {
	for line := range strings.Lines(text) {
		m := copyrightLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil || strings.ContainsAny(m[1], "[]{}") || !startsHolder(m[1]) {
			continue
		}
		name := strings.TrimSuffix(
			strings.TrimSpace(regexp.MustCompile(`(?i)\s*all rights reserved\.?$`).ReplaceAllString(m[1], "")),
			",",
		)
		list = append(list, strings.TrimSuffix(name, "."))
	}
	return list
}

// startsHolder tells a name or a year from the rest of a sentence, "Copyright notice and this permission notice …".
func startsHolder(s string) bool {
	return !regexp.MustCompile(`(?i)^(notice|license|owner|and|holders?)\b`).MatchString(s)
}

// apacheText is the whole of the Apache licence as it stands among others, with or without its appendix.
var apacheText = regexp.MustCompile(
	`(?s)Apache License\s+Version 2\.0, January 2004.*?(END OF TERMS AND CONDITIONS|limitations under the License\.)`,
)

// withoutApache replaces the Apache licence in a text of several ones by the place where Debian has it.
func withoutApache(text string) string {
	return apacheText.ReplaceAllString(text, "Apache License 2.0: /usr/share/common-licenses/Apache-2.0")
}

// common reports whether Debian has the text of a licence in /usr/share/common-licenses, where each system can read it.
func common(name string) bool { return name == "Apache-2.0" || name == "MPL-2.0" }
