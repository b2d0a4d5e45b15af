package fetch

import (
	"path"
	"strings"

	"golang.org/x/mod/modfile"
)

// WishFromFile reads what a project needs from the text of one of its files, whose name tells its form: .go-version of
// goenv, .tool-versions of asdf and mise, go.work, and go.mod for any other.
func WishFromFile(name string, text []byte) (Wish, error) {
	switch path.Base(name) {
	case ".go-version":
		return wishFromLines(".go-version", string(text), func(words []string) (string, bool) { return words[0], true })
	case ".tool-versions":
		return wishFromLines(".tool-versions", string(text), func(words []string) (string, bool) {
			return words[min(1, len(words)-1)], (words[0] == "golang" || words[0] == "go") && len(words) > 1
		})
	}
	return wishFromMod(text)
}

// wishFromLines takes the first line that names a Go; "#" begins a comment.
func wishFromLines(file, text string, named func(words []string) (string, bool)) (Wish, error) {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		version, ok := named(words)
		if !ok {
			continue
		}
		for _, prefix := range []string{"latest:", "prefix:"} { // both mean the newest of a series
			version = strings.TrimPrefix(version, prefix)
		}
		return ParseWish(version)
	}
	return Wish{}, Fail(BadSetting, "", "cannot tell from %s which Go it needs: it names none", file)
}

// wishFromMod reads what a go.mod or a go.work needs, as the go command does (https://go.dev/doc/toolchain#select): what
// is newer of its two lines, where "toolchain default" is none. A toolchain line asks for exactly that release. A go line is
// the least that will do: then it is the newest patch of its series, which has the security fixes.
func wishFromMod(text []byte) (Wish, error) {
	// ParseLax lets pass what a future Go may add, and what a go.work has; it leaves the toolchain line out.
	mod, err := modfile.ParseLax("go.mod", text, nil)
	if err != nil {
		return Wish{}, Fail(BadSetting, "", "cannot read go.mod").Because(err)
	}
	var toolchain Wish
	for _, stmt := range mod.Syntax.Stmt {
		line, ok := stmt.(*modfile.Line)
		if !ok || len(line.Token) != 2 || line.Token[0] != "toolchain" {
			continue
		}
		if name := line.Token[1]; name != "default" && name != "local" {
			v, err := fromToolchain(name)
			if err != nil {
				return Wish{}, err
			}
			toolchain = Wish{version: v}
		}
	}
	switch {
	case mod.Go == nil && toolchain == Wish{}:
		return Wish{}, Fail(BadSetting, "add one: go 1.26", "cannot tell from go.mod which Go it needs: it has no go line")
	case mod.Go == nil:
		return toolchain, nil
	}
	w, err := ParseWish(mod.Go.Version)
	if err != nil {
		return w, err
	}
	if toolchain != (Wish{}) && toolchain != w && w.ReachedBy(toolchain.version) {
		return toolchain, nil
	}
	return w.Patched(), nil
}

// fromToolchain reads the name of a toolchain as the go command does: "go1.26.3", also with a suffix or with the name of
// whoever has built it before it, "go1.26.3-custom", "custom-go1.26.3".
func fromToolchain(name string) (Version, error) {
	_, version, ok := strings.Cut("-"+name, "-go")
	version, _, _ = strings.Cut(version, "-")
	v, series, known := parseVersion(version)
	if !ok || !known && !series || strings.HasPrefix(version, "go") || strings.ContainsAny(name, `/\`) {
		return Version{}, Fail(BadSetting, "", "cannot take %q for a toolchain", name)
	}
	return v, nil
}
