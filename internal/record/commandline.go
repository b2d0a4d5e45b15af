package record

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
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
	words := slices.CompactFunc(shown(args), func(a, b string) bool { return a == trail.Hidden && a == b })
	for i, w := range words {
		words[i] = quoted(w)
	}
	return strings.Join(append([]string{"tcptune"}, words...), " ")
}

// shown is what may be seen of each word. With --exec all that follows "--" is arguments of that program.
func shown(args []string) []string {
	dashes := slices.Index(args, "--")
	program := dashes + 1
	words := slices.Clone(args)
	for i, w := range args {
		if dashes < 0 || i < dashes {
			if strings.HasPrefix(w, "-") && strings.HasPrefix(strings.TrimLeft(w, "-"), "exec") {
				program = dashes
			}
		}
		words[i] = withoutSecrets(w)
		if dashes >= 0 && i > max(dashes, program) {
			words[i] = trail.Hidden
		}
	}
	return words
}

// Hide returns a copy of args, and overwrites in args itself each word of which [Line] does not show all: the kernel
// shows the command line of a process to everybody, and journald stores it with its messages. args must be what the
// program was given.
func Hide(args []string) []string {
	own := make([]string, len(args))
	for i, word := range args {
		own[i] = strings.Clone(word)
	}
	for i, word := range shown(own) {
		if word != own[i] {
			host.Overwrite(args[i])
		}
	}
	return own
}

// withoutSecrets hides more than it must where a word is not clear: a password may hold any character.
func withoutSecrets(word string) string {
	if name := regexp.MustCompile(`^(-[^=]*=|-p)?(Environment|SetCredential[A-Za-z]*)=`).FindString(word); name != "" {
		return name + trail.Hidden
	}
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
