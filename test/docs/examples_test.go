package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/test/markdown"
)

// pages are all pages with examples.
func pages(t *testing.T) []markdown.Page {
	t.Helper()
	all, err := markdown.Project("../..")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// fromPagesHere are the pages whose examples run here. Of the others the reason is given.
func fromPagesHere(t *testing.T) (here []markdown.Page) {
	t.Helper()
	elsewhere := map[string]string{
		"from-zero-to-load-test.md":       "it is one story on one machine: test/container follows it there",
		"from-zero-to-load-test.zh-CN.md": "its blocks are those of the English page",
	}
	for _, p := range pages(t) {
		name := filepath.Base(p.Path)
		if why := elsewhere[name]; why != "" {
			t.Logf("%s: %s", name, why)
			delete(elsewhere, name)
			continue
		}
		here = append(here, p)
	}
	if len(elsewhere) > 0 {
		t.Errorf("there is no such page: %v", elsewhere)
	}
	return here
}

// fixture is the root that a page works on.
func fixture(page string) string {
	if filepath.Base(page) == "image-build.md" {
		return "ubuntu-24.04-cloud"
	}
	return "ubuntu-24.04"
}

// TestExamplesRun runs the examples of each page in their order. A block without a language is a dialogue: commands,
// one in a line, behind "$ " where their output follows. "sh" is a script. What else there is has a test of its own;
// nothing is passed over.
func TestExamplesRun(t *testing.T) {
	dir := programs(t)
	for _, p := range fromPagesHere(t) {
		t.Run(filepath.Base(p.Path), func(t *testing.T) {
			s := newSandbox(t, dir, fixture(p.Path))
			for _, b := range p.Blocks() {
				if file := shownFile(t, p, b); file != "" {
					s.sameAs(file, b)
					if b.Lang == "yaml" || b.Lang == "sh" {
						continue // for whole machines: test/container and test/fleet have them
					}
				}
				switch b.Lang {
				case "":
					s.dialogue(p, b)
				case "bash":
					if !isInstallation(p, b) {
						t.Errorf("%s:%d: bash is for the installation, which test/package runs on a fresh machine", p.Path, b.Line)
					}
				case "sh":
					s.script(p, b)
				case "yaml":
					s.declaration(b)
				case "cloud-config":
					s.cloudConfig(b)
				case "dockerfile":
					s.steps(b, dockerRun)
				case "hcl":
					s.steps(b, packerInline)
				case "go":
					s.excerpt(p, b)
				case "text":
					// Pictures, and measurements of a day.
				default:
					t.Errorf("%s:%d: nothing knows how to run a block of %s", p.Path, b.Line, b.Lang)
				}
			}
		})
	}
}

// isInstallation reports whether a block is the first one of a README: it installs the program, from other places.
func isInstallation(p markdown.Page, b markdown.Block) bool {
	return strings.HasPrefix(filepath.Base(p.Path), "README") && p.Blocks()[0] == b
}

// script runs a block as one script.
func (s *sandbox) script(p markdown.Page, b markdown.Block) {
	s.Helper()
	before := s.calls()
	out, code := s.shell("set -e\n" + b.Text)
	if code != 0 {
		s.Errorf("%s:%d: exit %d\n%s", p.Path, b.Line, code, out)
	}
	if strings.Contains(b.Text, "tcptune ") && s.calls() == before {
		s.Errorf("%s:%d: tcptune was not run", p.Path, b.Line)
	}
}

// excerpt checks that code is what stands in the packages of the server, where it is compiled and tested.
func (s *sandbox) excerpt(p markdown.Page, b markdown.Block) {
	s.Helper()
	files, err := filepath.Glob("../../server/*.go")
	if err != nil || files == nil {
		s.Fatalf("found no code: %v", err)
	}
	code := "\n"
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			s.Fatal(err)
		}
		code += string(data)
	}
	for line := range strings.Lines(b.Text) {
		if !strings.Contains(code, "\n"+line) {
			s.Errorf("%s:%d: not in the code: %s", p.Path, b.Line, line)
		}
	}
}

// exchange is a command of a dialogue and what is shown of its output.
type exchange struct{ command, output string }

// live reports whether the output depends on the machine: it is tcptune's, and not about an image.
func (e exchange) live() bool {
	return strings.Contains(e.command, "tcptune ") && !strings.Contains(e.command, imageInText) &&
		!strings.Contains(e.command, "tcptune profile ")
}

var remark = regexp.MustCompile(`\s+# .*$`)

// exchanges takes a dialogue apart. Without a "$ " every line is a command. A line that ends with a backslash goes on.
func exchanges(text string) []exchange {
	var all []exchange
	prompts := strings.HasPrefix(text, "$ ")
	goesOn := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case goesOn:
			all[len(all)-1].command += "\n" + line
			goesOn = strings.HasSuffix(line, `\`)
		case isCommand || !prompts:
			command = remark.ReplaceAllString(command, "")
			goesOn = strings.HasSuffix(command, `\`)
			all = append(all, exchange{command: command})
		default:
			all[len(all)-1].output += line + "\n"
		}
	}
	return all
}

// dialogue runs each command of a block, and holds what is shown against what it prints.
func (s *sandbox) dialogue(p markdown.Page, b markdown.Block) {
	s.Helper()
	for _, e := range exchanges(b.Text) {
		if isMake(e.command) {
			continue
		}
		before := s.calls()
		out := s.runs(e.command)
		if strings.Contains(e.command, "tcptune ") && s.calls() == before {
			s.Errorf("%s:%d: %s: tcptune was not run", p.Path, b.Line, e.command)
		}
		// What a running host says is compared by TestShownOutputOccursOnARunningHost.
		if e.output != "" && !e.live() && !shows(e.output, out) {
			s.Errorf("%s:%d: %s: shown:\n%s\nprinted:\n%s", p.Path, b.Line, e.command, e.output, out)
		}
	}
}

// shows reports whether output is what is shown: all of it, with a line "…" for any lines that are left out.
func shows(shown, output string) bool {
	pattern := strings.Builder{}
	for line := range strings.Lines(shown) {
		if line == "…\n" {
			pattern.WriteString(`(?:.*\n)*?`)
		} else {
			pattern.WriteString(regexp.QuoteMeta(line))
		}
	}
	return regexp.MustCompile(`^` + pattern.String() + `\n*$`).MatchString(output)
}
