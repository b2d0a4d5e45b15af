package lint

import (
	"regexp"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// meant is what a line that is no assignment of sysctl.d(5) was probably meant to be.
type meant struct {
	kind string
	sets []pair
}

type pair struct{ key, value string }

// longestLine is what is looked at of a line that is no assignment, in bytes.
const longestLine = 4 << 10

const (
	keyForm   = `[a-z][a-z0-9_-]*(?:[./][A-Za-z0-9_*@:-]+)+`
	valueForm = `[^"'\s,#;}\]][^"'#;}\]]*`
)

// shapes are the forms in which settings stand in shell scripts, terminals and configuration of other programs.
type shapes struct {
	prompt, sysctl, echo, append, export, key, equals, yaml, list, blank *regexp.Regexp
}

func newShapes() *shapes {
	return &shapes{
		prompt: regexp.MustCompile(`^(?:\[?[\w.-]+@[^$#>]*[$#>]\s+|[$>%]\s+|(?:sudo|doas)\s+)`),
		sysctl: regexp.MustCompile(`^(?:/\S*/)?sysctl\s+(.*)$`),
		echo:   regexp.MustCompile(`^echo\s+(?:-n\s+)?["']?([^"'>|]*?)["']?\s*(?:>\s*|\|\s*(?:sudo\s+)?tee\s+)/proc/sys/([\w./-]+)`),
		append: regexp.MustCompile(`^echo\s+(?:-e\s+)?["']?(` + keyForm + `\s*=[^"'>|]*?)["']?\s*(?:>>?|\|)`),
		export: regexp.MustCompile(`^export\s+(.*)$`),
		key:    regexp.MustCompile(`^` + keyForm + `$`),
		equals: regexp.MustCompile(`\s*=\s*`),
		yaml:   regexp.MustCompile(`^[-{\s]*["']?(` + keyForm + `)["']?\s*:\s*["']?([^"'\s][^"']*?)["']?\s*[},]*$`),
		list:   regexp.MustCompile(`^-\s+["']?(` + keyForm + `)\s*=\s*(` + valueForm + `)["']?\s*$`),
		blank:  regexp.MustCompile(`^["']?(` + keyForm + `)\s+(-?[0-9][0-9\s]*|[a-z][a-z0-9_]*)$`),
	}
}

// of tells what text was meant to be, if it has one of the forms.
func (s *shapes) of(text string) (m meant, ok bool) {
	if len(text) > longestLine {
		return m, false
	}
	prompted := false
	for {
		at := s.prompt.FindStringIndex(text)
		if at == nil {
			break
		}
		text, prompted = strings.TrimSpace(text[at[1]:]), true
	}
	if f := s.sysctl.FindStringSubmatch(text); f != nil {
		return meant{"command", s.assignments(f[1])}, true
	}
	if f := s.append.FindStringSubmatch(text); f != nil {
		return meant{"command", s.assignments(f[1])}, true
	}
	if f := s.echo.FindStringSubmatch(text); f != nil {
		return meant{"command", []pair{{dotted(f[2]), strings.TrimSpace(f[1])}}}, true
	}
	if f := s.export.FindStringSubmatch(text); f != nil {
		return meant{"export", s.assignments(f[1])}, true
	}
	if f := s.list.FindStringSubmatch(text); f != nil {
		return meant{"json-yaml", []pair{{dotted(f[1]), strings.TrimSpace(f[2])}}}, true
	}
	if f := s.yaml.FindStringSubmatch(text); f != nil {
		return meant{"json-yaml", []pair{{dotted(f[1]), strings.TrimSpace(f[2])}}}, true
	}
	if f := s.blank.FindStringSubmatch(text); f != nil {
		return meant{"missing-equals", []pair{{dotted(f[1]), strings.TrimSpace(f[2])}}}, true
	}
	if prompted {
		return meant{"command", s.assignments(text)}, true
	}
	return m, false
}

// assignments are those in the words of a command.
func (s *shapes) assignments(text string) (sets []pair) {
	for _, word := range words(s.equals.ReplaceAllString(text, "=")) {
		key, value, assigned := strings.Cut(word, "=")
		switch {
		case assigned && s.key.MatchString(key):
			sets = append(sets, pair{dotted(key), strings.TrimSpace(value)})
		case len(sets) > 0 && digits(word): // the quotation marks around a value of several numbers are missing
			sets[len(sets)-1].value += " " + word
		}
	}
	return sets
}

// words are those of the first command in a line of shell, without quotation marks.
func words(text string) (list []string) {
	var word strings.Builder
	var quote rune
	end := func() {
		if word.Len() > 0 {
			list = append(list, word.String())
			word.Reset()
		}
	}
	for _, r := range text {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
				continue
			}
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote = r
		case strings.ContainsRune(";|&<>#", r):
			end()
			return list
		case r == ' ' || r == '\t':
			end()
		default:
			word.WriteRune(r)
		}
	}
	end()
	return list
}

// dotted writes the name of a key with dots, sysctl.d(5): where the first separator is a slash, dots and slashes change
// places.
func dotted(name string) string {
	name = strings.TrimPrefix(name, "/proc/sys/")
	if first := strings.IndexAny(name, "./"); first < 0 || name[first] == '.' {
		return name
	}
	return host.SwapSeparators(name)
}
