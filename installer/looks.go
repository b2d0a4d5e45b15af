package installer

import (
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
)

// lookBytes bounds the files that are looked at.
const lookBytes = 64 << 10

func look(file string) host.Bound { return host.Bound{Bytes: lookBytes, Of: file} }

const environment = "/etc/environment"

// session is what each session of a user begins with: pam_env(8) reads /etc/environment, and expands nothing in it.
func (s Site) session() seeker {
	k := seeker{name: "shell", blind: "cannot tell: " + environment + " sets no PATH", vars: map[string]string{}, setBy: map[string]string{}}
	text, err := s.h.ReadAtMost(environment, look("a list of variables"))
	if err != nil {
		return k
	}
	for n, line := range numbered(string(text)) {
		name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		if value = unquoted(strings.TrimSpace(value)); ok {
			k.assign(strings.TrimSpace(name), value, environment+":"+strconv.Itoa(n))
		}
	}
	return k
}

// numbered are the lines of text, with numbers from 1.
func numbered(text string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		n := 0
		for line := range strings.Lines(text) {
			if n++; !yield(n, strings.TrimSuffix(line, "\n")) {
				return
			}
		}
	}
}

// assign is a line NAME=value whose value is written out.
func (k *seeker) assign(name, value, origin string) {
	switch {
	case !plain(value):
	case name == "PATH":
		k.path, k.blind = searchPath{}.becoming(value, origin), ""
	case slices.Contains(goVariables(), name):
		k.vars[name], k.setBy[name] = value, origin
	}
}

// login is what /etc/profile.d makes of a session in a login shell.
func (s Site) login(session seeker) seeker {
	k := session
	k.name, k.vars, k.setBy = "login shell", maps.Clone(session.vars), maps.Clone(session.setBy)
	k.maybe = map[string][]string{}
	names, _ := s.h.ReadDir(path.Dir(Profile)) // without the folder there is nothing to add
	for _, name := range names {
		file := path.Join(path.Dir(Profile), name)
		if path.Ext(name) != ".sh" {
			continue
		}
		text, err := s.h.ReadAtMost(file, look("a script of /etc/profile.d"))
		switch {
		case err != nil:
			k.doubts = append(k.doubts, doubt{origin: file})
		case file == Profile:
			if dir := path.Join(Current, "bin"); !strings.Contains(":"+k.path.String()+":", ":"+dir+":") {
				k.path = k.path.becoming(dir+":"+k.path.String(), file)
			}
		default:
			s.script(&k, file, string(text))
		}
	}
	return k
}

// script looks at a file of /etc/profile.d. If it has nothing but assignments, those are followed; in any other file a
// line that sets one of [goVariables] is a doubt, and one that sets PATH, unless it puts something behind a go that is
// found already.
func (s Site) script(k *seeker, file, text string) {
	simple := regexp.MustCompile(`^\s*(?:#.*|export(?:\s+\w+)+|(?:export\s+)?(\w+)=("[^"` + "`" + `\\]*"|'[^']*'|[^\s"'` +
		"`" + `\\;&|<>()]*)` +
		`\s*(?:;\s*export\s+\w+)?\s*(?:#.*)?)?$`)
	sets := regexp.MustCompile(`(?:^|[\s;&|({])PATH=["']?([^\s;"'&|)]*)`)
	variables := regexp.MustCompile(`(?:^|[^\w$])(` + strings.Join(goVariables(), "|") + `):?=`)
	all := true
	for _, line := range numbered(text) {
		all = all && simple.MatchString(line)
	}
	for n, line := range numbered(text) {
		origin := file + ":" + strconv.Itoa(n)
		m := sets.FindStringSubmatch(line)
		before, _ := k.path.find(s.h)
		for _, m := range variables.FindAllStringSubmatch(line, -1) {
			if !all && !strings.HasPrefix(strings.TrimSpace(line), "#") && !slices.Contains(k.maybe[m[1]], origin) {
				k.maybe[m[1]] = append(k.maybe[m[1]], origin)
			}
		}
		switch set := simple.FindStringSubmatch(line); {
		case strings.HasPrefix(strings.TrimSpace(line), "#"):
		case all && set[1] != "" && set[1] != "PATH":
			k.assign(set[1], unquoted(set[2]), origin)
		case m == nil:
		case !writtenOut(m[1]):
			if !strings.HasPrefix(m[1], "$PATH") && !strings.HasPrefix(m[1], "${PATH}") || before == "" {
				k.doubts = append(k.doubts, doubt{origin: origin})
			}
		default:
			own := strings.NewReplacer("${PATH}", k.path.String(), "$PATH", k.path.String()).Replace(m[1])
			if next := k.path.becoming(own, origin); all {
				k.path = next
			} else {
				k.doubts = append(k.doubts, doubt{origin, next})
			}
		}
	}
}

// writtenOut reports whether a PATH has nothing to be expanded but the PATH that was.
func writtenOut(text string) bool {
	return plain(text) && !strings.ContainsAny(strings.NewReplacer("${PATH}", "", "$PATH", "").Replace(text), "$~`*?[{")
}

// Settings are the lines of the file go/env that say which Go runs, for every shell of the user who calls, whose
// environment getenv is. For root on behalf of a user there are none: that user may have chosen the file.
func (s Site) Settings(getenv func(string) string) (list []string) {
	if !s.h.Live() || os.Geteuid() == 0 && getenv("SUDO_USER") != "" {
		return nil
	}
	file, value := fetch.UserEnv(s.h, getenv)
	for _, name := range goVariables() {
		if v := value(name); plain(v) && plain(file) {
			list = append(list, name+"="+v+" for every go of yours, by "+file)
		}
	}
	return list
}
