package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// block is a fenced code block of the README.
type block struct{ lang, text string }

func readmeBlocks(t *testing.T) (text string, blocks []block) {
	t.Helper()
	data, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$").FindAllStringSubmatch(string(data), -1) {
		blocks = append(blocks, block{m[1], m[2]})
	}
	return string(data), blocks
}

// commandLines are the calls of tcptune in one line of an example, each split into words.
func commandLines(line string) (all [][]string) {
	line, _, _ = strings.Cut(strings.TrimSpace(line), "   ") // what follows is a remark
	line, _, _ = strings.Cut(line, " #")
	for _, part := range regexp.MustCompile(`&&|;|\|`).Split(line, -1) {
		words := strings.Fields(part)
		if len(words) > 0 && words[0] == "$" {
			words = words[1:]
		}
		if len(words) > 0 && words[0] == "sudo" {
			words = words[1:]
		}
		if len(words) > 0 && words[0] == "tcptune" {
			all = append(all, words)
		}
	}
	return all
}

// parses checks that tcptune understands a command line: its commands do nothing but say that they were reached.
func parses(t *testing.T, words []string) {
	t.Helper()
	app := newApp(terminal{out: io.Discard, err: io.Discard})
	reached := strings.HasPrefix(words[1], "--") // of tcptune itself
	var disarm func([]*cli.Command)
	disarm = func(commands []*cli.Command) {
		for _, c := range commands {
			disarm(c.Subcommands)
			if len(c.Subcommands) == 0 {
				c.Action = func(c *cli.Context) error {
					reached = true
					if c.NArg() > 0 && c.Command.ArgsUsage == "" {
						t.Errorf("%s: %s takes no argument", strings.Join(words, " "), c.Command.Name)
					}
					return nil
				}
			}
		}
	}
	disarm(app.Commands)
	if err := app.Run(reorder(app, words)); err != nil || !reached {
		t.Errorf("%s: not understood: %v", strings.Join(words, " "), err)
	}
}

func TestReadmeShowsCommandLinesThatExist(t *testing.T) {
	text, blocks := readmeBlocks(t)
	n := 0
	for _, b := range blocks {
		for line := range strings.Lines(b.text) {
			if b.lang != "" {
				continue
			}
			for _, words := range commandLines(line) {
				parses(t, words)
				n++
			}
		}
	}
	if n < 4 {
		t.Errorf("found %d command lines, which cannot be all of them", n)
	}
	// Between backticks in the text arguments are in capitals, and what may be left out is in brackets.
	for _, m := range regexp.MustCompile("`(?:sudo )?(tcptune [^`]+)`").FindAllStringSubmatch(text, -1) {
		words := strings.Fields(strings.NewReplacer("[", "", "]", "").Replace(m[1]))
		if words[1] == "help" {
			words = []string{"tcptune", "plan", "--help"}
		}
		parsesOrGroup(t, words)
	}
	// A flag that the text speaks of is one of some command.
	known := map[string]bool{}
	var collect func([]*cli.Command)
	collect = func(commands []*cli.Command) {
		for _, c := range commands {
			collect(c.Subcommands)
			for _, f := range c.Flags {
				for _, name := range f.Names() {
					known["--"+name] = true
				}
			}
		}
	}
	collect(newApp(terminal{out: io.Discard, err: io.Discard}).Commands)
	for _, m := range regexp.MustCompile("`(--[a-z-]+)").FindAllStringSubmatch(text, -1) {
		if !known[m[1]] {
			t.Errorf("no command has the flag %s", m[1])
		}
	}
}

// parsesOrGroup is parses for a name that stands for a group of commands as well.
func parsesOrGroup(t *testing.T, words []string) {
	t.Helper()
	app := newApp(terminal{out: io.Discard, err: io.Discard})
	if c := find(app.Commands, words[1]); c == nil {
		t.Errorf("%s: no such command", strings.Join(words, " "))
	} else if len(words) > 2 && words[2] != "--help" {
		parses(t, words)
	}
}

func TestHelpShowsCommandLinesThatExist(t *testing.T) {
	var visit func([]*cli.Command)
	visit = func(commands []*cli.Command) {
		for _, c := range commands {
			visit(c.Subcommands)
			_, examples, _ := strings.Cut(c.Description, "Example")
			for line := range strings.Lines(examples) {
				for _, words := range commandLines(line) {
					parses(t, words)
				}
			}
		}
	}
	visit(newApp(terminal{out: io.Discard, err: io.Discard}).Commands)
}

func TestReadmeShowsFilesThatLoad(t *testing.T) {
	root := filepath.Join(t.TempDir(), "image")
	if out, err := exec.Command("cp", "-a", "../../test/fixtures/ubuntu-24.04", root).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.MkdirAll(filepath.Join(root, "etc/tcptune/profiles.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	runs := func(want string, args ...string) {
		t.Helper()
		var out, errs strings.Builder
		code := run(t.Context(), append([]string{"tcptune"}, append(args, "--root", root, "--allow-unsupported")...), strings.NewReader(""), &out, &errs)
		if code != exitDone && code != exitDiffers || !strings.Contains(out.String(), want) {
			t.Errorf("tcptune %s: exit %d, want 0 or 2, and %q in:\n%s%s", strings.Join(args, " "), code, want, out.String(), errs.String())
		}
	}
	found := map[string]bool{}
	_, blocks := readmeBlocks(t)
	for _, b := range blocks {
		if b.lang != "yaml" {
			continue
		}
		name, _, isProfile := strings.Cut(strings.TrimPrefix(b.text, "name: "), "\n")
		isProfile = isProfile && strings.HasPrefix(b.text, "name: ")
		file := filepath.Join(root, "etc/tcptune/tcptune.yaml")
		if isProfile {
			file = filepath.Join(root, "etc/tcptune/profiles.d", name+".yaml")
		}
		if err := os.WriteFile(file, []byte(b.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if isProfile {
			runs("profile "+name+", named on the command line", "plan", "--profile", name)
			runs("profile "+name+", named on the command line", "status", "--profile", name)
		} else {
			runs("declared in /etc/tcptune/tcptune.yaml", "plan")
		}
		found[map[bool]string{true: "profile", false: "tcptune.yaml"}[isProfile]] = true
	}
	for _, kind := range []string{"profile", "tcptune.yaml"} {
		if !found[kind] {
			t.Errorf("the README shows no %s", kind)
		}
	}
}
