package main

import (
	"fmt"
	"regexp"
	"strings"
)

// shortName tells which licence a text is, by sentences that only that one has, and names it as DEP 5 does.
func shortName(text string) (string, error) {
	flat := strings.Join(strings.Fields(text), " ")
	has := func(s string) bool { return strings.Contains(flat, s) }
	redistribution := has("Redistribution and use in source and binary forms")
	switch {
	case has("Apache License Version 2.0, January 2004"):
		return "Apache-2.0", nil
	case has("Permission is hereby granted, free of charge, to any person obtaining a copy"):
		return "Expat", nil
	case redistribution && has("endorse or promote products"):
		return "BSD-3-clause", nil
	case redistribution:
		return "BSD-2-clause", nil
	}
	return "", fmt.Errorf("unknown licence: %.60q", flat)
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
		name := strings.TrimSuffix(strings.TrimSpace(regexp.MustCompile(`(?i)\s*all rights reserved\.?$`).ReplaceAllString(m[1], "")), ",")
		list = append(list, strings.TrimSuffix(name, "."))
	}
	return list
}

// startsHolder tells a name or a year from the rest of a sentence, "Copyright notice and this permission notice …".
func startsHolder(s string) bool {
	return !regexp.MustCompile(`(?i)^(notice|license|owner|and|holders?)\b`).MatchString(s)
}
