package service

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// asked is one word of a command line, with what it sets, or one variable of an environment.
type asked struct {
	key, value string
	word       string // whole, as it stands there
	place      string // "argument 3 on its command line", "LOG_LEVEL in its environment"
}

// allAsked takes a command line apart, as --key=value, --key value or a word by itself, and an environment.
func allAsked(command, environ []string) (all []asked) {
	for i, word := range command {
		s := asked{word: word, place: "argument " + strconv.Itoa(i) + " on its command line"}
		if key, value, joined := strings.Cut(word, "="); strings.HasPrefix(word, "-") {
			s.key, s.value, s.place = key, value, key+" on its command line"
			if !joined && i+1 < len(command) && !strings.HasPrefix(command[i+1], "--") {
				s.value = command[i+1]
			}
		} else if joined {
			s.key, s.value = key, value
		}
		all = append(all, s)
	}
	for _, line := range environ {
		key, value, _ := strings.Cut(line, "=")
		all = append(all, asked{key: key, value: value, word: line, place: key + " in its environment"})
	}
	return all
}

// words are those of which a key is made, in lower case: LOG_LEVEL, --log-level, logging.level.
func (s asked) words() []string {
	return cut(strings.ToLower(s.key), "-_.")
}

// cut splits a text at any of some characters.
func cut(text, at string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(at, r) })
}

// of reports whether one of the words of the key is among some.
func (s asked) of(some ...string) bool {
	return slices.ContainsFunc(s.words(), func(word string) bool { return slices.Contains(some, word) })
}

// isOff reports whether the value says no.
func (s asked) isOff() bool {
	return slices.Contains([]string{"0", "false", "no", "off", "none"}, strings.ToLower(s.value))
}

var (
	many    = regexp.MustCompile(`(?i)^(debug|trace|verbose|all|finest|finer|fine|silly)$`)
	letters = regexp.MustCompile(`^-vv+$`)
)

// asksForDetail reports whether it has a program log each request.
func (s asked) asksForDetail() bool {
	parts := s.words()
	if letters.MatchString(s.key) {
		return true
	}
	if len(parts) == 0 || parts[0] == "no" {
		return false
	}
	last := parts[len(parts)-1]
	number, err := strconv.Atoi(s.value)
	switch isFlag := strings.HasPrefix(s.key, "-"); {
	case err == nil && slices.Contains([]string{"v", "verbosity", "verbose"}, last):
		return number >= 4 // glog and klog: 4 is debug
	case slices.Contains([]string{"debug", "trace", "verbose"}, last):
		return !s.isOff() && (isFlag || s.value != "")
	case s.of("log", "logs", "logger", "logging", "loglevel", "verbosity"):
		// Of app=debug,http=info each part is a level.
		return slices.ContainsFunc(cut(s.value, ",;:= "), many.MatchString)
	}
	return false
}

var (
	secretName = regexp.MustCompile(`(?i)(passw|passphrase|secret|token|credential|authorization|bearer|` +
		`(api|private|access|auth)[-_]?key|(^|[-_.])(pass|pwd|pat|key)$)`)
	publicName  = regexp.MustCompile(`(?i)(public|pub)[-_]?key$`)
	fileName    = regexp.MustCompile(`(?i)[-_](file|path|dir|directory)$`)
	secretValue = []*regexp.Regexp{
		regexp.MustCompile(`://[^/@\s]*:[^/@\s]+@`),                                         // of a URL
		regexp.MustCompile(`[^\s:/@]:[^\s@]+@(tcp|unix)\(`),                                 // of a data source in Go
		regexp.MustCompile(`(?i)(^|[\s;,&?'"])(password|passwd|pwd|pass)\s*=\s*[^\s;,&'"]`), // of a connection string
		regexp.MustCompile(`(?i)\b(authorization:\s*\S|bearer\s+\S{4})`),                    // of a header
		regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----`),
	}
)

// holdsSecret reports whether it says a secret itself, and not the name of a file with one, of which exists is asked.
func (s asked) holdsSecret(exists func(path string) error) bool {
	if slices.ContainsFunc(secretValue, func(r *regexp.Regexp) bool { return r.MatchString(s.word) }) {
		return true
	}
	if s.value == "" || !secretName.MatchString(s.key) || publicName.MatchString(s.key) || fileName.MatchString(s.key) {
		return false
	}
	// What begins with a slash may be base64 as well: a path is one that is there, or that cannot be looked at.
	return !strings.HasPrefix(s.value, "/") || os.IsNotExist(exists(s.value))
}
