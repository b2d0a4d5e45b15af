package main

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/test/markdown"
)

// commandLines are the calls of tcptune in one line of an example, each split into words.
func commandLines(line string) (all [][]string) {
	line, _, _ = strings.Cut(strings.TrimSpace(line), "   ") // what follows is a remark
	line, _, _ = strings.Cut(line, " #")
	line = regexp.MustCompile(`\s\d?>>?\s*\S+`).ReplaceAllString(line, "") // where it is printed to
	line = regexp.MustCompile(`\$\{\w+:-([^}]*)\}`).ReplaceAllString(line, "$1")
	for _, part := range regexp.MustCompile(`&&|;|\|`).Split(line, -1) {
		words := regexp.MustCompile(`(?:'[^']*'|"[^"]*"|[^\s'"])+`).FindAllString(part, -1)
		for i, w := range words {
			words[i] = strings.NewReplacer("'", "", `"`, "").Replace(w)
		}
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

// Examples are run by test/docs. Here all of them are parsed, also those few that cannot be run there.
func TestPagesShowCommandLinesThatExist(t *testing.T) {
	known := flagNames(newApp(terminal{out: io.Discard, err: io.Discard}).Commands)
	pages, err := markdown.Project("../..")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range pages {
		t.Run(filepath.Base(p.Path), func(t *testing.T) {
			for _, b := range p.Blocks() {
				for line := range strings.Lines(b.Text) {
					if b.Lang != "" && b.Lang != "sh" {
						continue
					}
					for _, words := range commandLines(line) {
						parses(t, words)
						n++
					}
				}
			}
			if filepath.Base(p.Path) == "server.md" {
				return // its flags are those of tcptune-server, which test/docs asks
			}
			for _, s := range p.Sections {
				for _, span := range s.Spans() {
					spanParses(t, known, span)
				}
			}
		})
	}
	if n < 60 {
		t.Errorf("found %d command lines, which cannot be all of them", n)
	}
}

// Files of deploy are not run where they stand; what they call is parsed.
func TestDeployCallsCommandsThatExist(t *testing.T) {
	call := regexp.MustCompile(`(^|[\s"/(])(tcptune [a-z].*)`)
	n := 0
	for _, dir := range []string{"autoinstall", "ci", "cloud-init", "docker", "github-actions", "packer", "shell"} {
		files, err := filepath.Glob("../../deploy/" + dir + "/*")
		if err != nil || len(files) == 0 {
			t.Fatalf("deploy/%s has %v: %v", dir, files, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(text)) {
				at := call.FindStringSubmatchIndex(line)
				if at == nil || strings.HasPrefix(strings.TrimSpace(line), "#") || strings.Contains(line, "apt-get install") {
					continue
				}
				command := line[at[4]:at[5]]
				if strings.Count(line[:at[4]], `"`)%2 == 1 {
					command, _, _ = strings.Cut(command, `"`)
				}
				for _, words := range commandLines(command) {
					parses(t, words)
					n++
				}
			}
		}
	}
	if n < 16 {
		t.Errorf("found %d command lines, which cannot be all of them", n)
	}
}

// spanParses checks what stands between backticks in the text. There arguments are in capitals, what may be left out is
// in brackets, and a flag may stand alone: it is one of some command.
func spanParses(t *testing.T, known map[string]bool, span string) {
	t.Helper()
	span = strings.TrimPrefix(span, "sudo ")
	words := strings.Fields(strings.NewReplacer("[", "", "]", "").Replace(span))
	switch {
	case len(words) > 1 && words[0] == "tcptune" && words[1] == "help":
		parsesOrGroup(t, []string{"tcptune", "plan", "--help"})
	case len(words) > 1 && words[0] == "tcptune":
		parsesOrGroup(t, words)
	case len(words) > 0 && strings.HasPrefix(words[0], "--") && !known[words[0]]:
		t.Errorf("no command has the flag %s", words[0])
	}
}

// flagNames are the flags of all commands, with their dashes.
func flagNames(commands []*cli.Command) map[string]bool {
	known := map[string]bool{}
	for _, c := range commands {
		maps.Copy(known, flagNames(c.Subcommands))
		for _, f := range c.Flags {
			for _, name := range f.Names() {
				known["--"+name] = true
			}
		}
	}
	return known
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
