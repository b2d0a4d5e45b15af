package record

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/trail"
)

// verb is the command of a command line: "apply", "service install".
func verb(args []string) string {
	var words []string
	for _, a := range args {
		if !regexp.MustCompile(`^[a-z][a-z-]*$`).MatchString(a) || len(words) == 2 {
			break
		}
		words = append(words, a)
	}
	if len(words) == 2 && words[0] != "go" && words[0] != "service" {
		words = words[:1] // what follows is an argument
	}
	return strings.Join(words, " ")
}

// Line is a command line as it may be read by others: without the credentials and the query of an address, and of what
// follows "--" only the name of the program. Words that are not plain are quoted, so that it is one line.
func Line(args []string) string {
	args, rest := cutAtDashes(args)
	words := []string{"tcptune"}
	for _, a := range args {
		words = append(words, quoted(withoutSecrets(a)))
	}
	return strings.Join(append(words, rest...), " ")
}

// cutAtDashes cuts args at "--", and says what may be said of the rest. With --exec it has arguments of that program alone.
func cutAtDashes(args []string) (before, rest []string) {
	at := slices.Index(args, "--")
	if at < 0 {
		return args, nil
	}
	before, rest = args[:at], []string{"--"}
	exec := slices.ContainsFunc(before, func(a string) bool { return strings.HasPrefix(strings.TrimLeft(a, "-"), "exec") && a[0] == '-' })
	named := args[at+1:]
	if len(named) > 0 && !exec {
		rest, named = append(rest, quoted(withoutSecrets(named[0]))), named[1:]
	}
	if len(named) > 0 {
		rest = append(rest, trail.Hidden)
	}
	return before, rest
}

// withoutSecrets hides more than it must where a word is not clear: a password may hold any character.
func withoutSecrets(word string) string {
	if strings.Contains(word, "://") {
		word = regexp.MustCompile(`(?s)://.*@`).ReplaceAllString(word, "://"+trail.Hidden+"@")
		return regexp.MustCompile(`(?s)\?.*`).ReplaceAllString(word, "?"+trail.Hidden)
	}
	return regexp.MustCompile(`(?s)([^=:@]+):.*@`).ReplaceAllString(word, "${1}:"+trail.Hidden+"@")
}

func quoted(word string) string {
	plain := func(r rune) bool { return r > ' ' && r != '"' && r != '\\' && strconv.IsPrint(r) }
	if word == "" || strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return strconv.QuoteToASCII(word)
	}
	return word
}
