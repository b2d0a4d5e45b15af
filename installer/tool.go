package installer

import (
	_ "embed"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/tcptune/tcptune/installer/fetch"
)

//go:embed tools.txt
var toolNames string

// Tool is a program that the go command can build from a module.
type Tool struct {
	Name    string // of the program: "gopls"
	Package string // "golang.org/x/tools/gopls"
	Version string // "latest" or a version of its module, "v0.20.0"
}

func (t Tool) String() string { return t.Name + "@" + t.Version }

// toolName is what a program may be called.
func toolName() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}$`) }

// ParseTools reads a list such as "gopls@latest,example.com/cmd/x@v1.2.3". A name without a slash is one of the known
// ones, anything else the path of a package; without a version it is the latest. What it returns is safe as an argument
// of the go command: what it refuses is an [report.Error] with code [fetch.BadSetting].
func ParseTools(list string) (tools []Tool, err error) {
	known := knownTools(toolNames)
	for word := range strings.SplitSeq(list, ",") {
		t, err := parseTool(strings.TrimSpace(word), known)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(tools, func(o Tool) bool { return o.Name == t.Name }) {
			return nil, fetch.Fail(fetch.BadSetting, "", "cannot build two tools that are called %s", t.Name)
		}
		tools = append(tools, t)
	}
	return tools, nil
}

func parseTool(word string, known map[string]string) (t Tool, err error) {
	const hint = "say for instance gopls@latest, or example.com/cmd/tool@v1.2.3"
	t.Package, t.Version, _ = strings.Cut(word, "@")
	if t.Version == "" && !strings.HasSuffix(word, "@") {
		t.Version = "latest"
	}
	if !strings.Contains(t.Package, "/") {
		p, ok := known[t.Package]
		if !ok {
			return t, fetch.Fail(fetch.BadSetting, "the short names are "+strings.Join(ToolNames(),
				", ")+"; of others give the path of the package",
				"cannot tell which tool %q is", t.Package)
		}
		t.Package = p
	}
	first, _, _ := strings.Cut(t.Package, "/")
	if err := module.CheckImportPath(t.Package); err != nil || !strings.Contains(first, ".") ||
		strings.HasPrefix(t.Package, "-") {
		return t, fetch.Fail(fetch.BadSetting, hint, "cannot use %q as the path of a package", t.Package)
	}
	if t.Version != "latest" && (!semver.IsValid(t.Version) || module.CanonicalVersion(t.Version) != t.Version) {
		return t, fetch.Fail(fetch.BadSetting, hint, "cannot use %q as a version of %s", t.Version, t.Package)
	}
	// The go command calls the program of a package that ends in a major version by what comes before (go help install).
	prefix, _, ok := module.SplitPathVersion(t.Package)
	if !ok || strings.HasPrefix(t.Package, "gopkg.in/") {
		prefix = t.Package
	}
	t.Name = path.Base(prefix)
	if !toolName().MatchString(t.Name) || ofGo(t.Name) {
		return t, fetch.Fail(fetch.BadSetting, "", "cannot put a tool that is called %q into %s", t.Name, commands)
	}
	return t, nil
}

// ofGo reports whether a name in [commands] is one of the toolchain, or our own.
func ofGo(name string) bool {
	_, err := fetch.ParseVersion(name)
	return name == "go" || name == "gofmt" || name == "tcptune" || name == "tcptune-server" || err == nil
}

// knownTools reads tools.txt.
func knownTools(text string) map[string]string {
	known := map[string]string{}
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) == 2 && f[0] != "#" {
			known[f[0]] = f[1]
		}
	}
	return known
}

// ToolNames are the short names that [ParseTools] knows, sorted.
func ToolNames() []string { return slices.Sorted(maps.Keys(knownTools(toolNames))) }

// built is a tool that was built: what its binary says of itself.
type built struct {
	tool    Tool
	version string // of the module
	sum     string // h1:… of the module, as the checksum database has it; "" where there is none
	with    fetch.Version
	again   bool // it takes the place of one that is damaged, and else the same
}

// value is what [plan.TreeRecord] begins with.
func (b built) value() string {
	value := fmt.Sprintf("%s@%s %s", b.tool.Package, b.version, b.with.Toolchain())
	if b.again {
		value += again
	}
	return value
}

// parseBuilt reads what value has written, of the tool of that name.
func parseBuilt(name, value string) (b built, ok bool) {
	value, b.again = strings.CutSuffix(value, again)
	what, with, ok := strings.Cut(value, " ")
	v, err := fetch.ParseVersion(with)
	b.with, b.tool.Name = v, name
	b.tool.Package, b.version, _ = strings.Cut(what, "@")
	b.tool.Version = b.version
	return b, ok && err == nil && b.version != ""
}

// tree is where b lies.
func (b built) tree() string {
	return path.Join(toolsFolder, fmt.Sprintf("%s@%s-%s", b.tool.Name, b.version, b.with.Toolchain()))
}

// link is what makes b a command.
func (b built) link() alias {
	return alias{
		path.Join(commands, b.tool.Name), path.Join("../lib/tcptune/tools", path.Base(b.tree()), b.tool.Name),
		"a tool for every user of this host",
	}
}
