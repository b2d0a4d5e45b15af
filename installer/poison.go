package installer

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Poisons are the settings that make another Go of the active one, or let it do something else than one expects, a line for
// each: those of all sessions, by the files in /etc, and those of who asks. own looks up the environment of that user's shell,
// file the user's go/env, called name.
func (s Site) Poisons(own, file func(string) string, name string) (lines []string) {
	login := s.login(s.session())
	for _, variable := range goVariables() {
		all := login.vars[variable]
		if all != "" {
			lines = append(lines, s.poison(variable, all, login.setBy[variable]))
		}
		if value := own(variable); plain(value) && value != all { // what all have may be harmless, and this not
			lines = append(lines, s.poison(variable, value, "the environment of your shell"))
		}
		for _, origin := range login.maybe[variable] {
			lines = append(lines, fmt.Sprintf("%s, by %s: cannot tell whether it is set there, and to what", variable, origin))
		}
		if value := file(variable); plain(value) && plain(name) {
			lines = append(lines, s.poison(variable, value, name))
		}
	}
	first, _ := searchPath{}.becoming(own("PATH"), "").find(s.h)
	if real, err := s.h.Resolve(first); err == nil && plain(first) && real != s.activeProgram() {
		lines = append(lines, fmt.Sprintf("PATH, by the environment of your shell: %s comes first", first))
	}
	return slices.DeleteFunc(lines, func(line string) bool { return line == "" })
}

// poison says what a variable does to the active Go; "" for nothing bad.
func (s Site) poison(variable, value, origin string) string {
	var effect string
	switch variable {
	case "GOROOT":
		if path.Clean(value) == Current || path.Clean(value) == TreePath(s.Active) {
			return ""
		}
		effect = "each go builds with the sources and tools that are there, whichever it is"
	case "GOTOOLCHAIN":
		base, _, _ := strings.Cut(value, "+")
		if base == "auto" || base == "local" || base == "path" || base == s.Active.Toolchain() {
			return ""
		}
		effect = "each go becomes that one"
	case "GOFLAGS":
		effect = "each build has these flags"
	case "GOBIN":
		effect = "go install puts programs there, and PATH may not have it"
	}
	return fmt.Sprintf("%s=%s, by %s: %s", variable, value, origin, effect)
}
