package manual

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const pagesDir = "../../docs/man"

// pages returns the roff of each page by its name, "tcptune-go.8".
func pages(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.[0-9]"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no page: %v", dir, err)
	}
	all := map[string]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(f)] = string(text)
	}
	return all
}

// plain is a page without its fonts and escapes. Requests stay, each at the beginning of a line.
func plain(roff string) string {
	roff = regexp.MustCompile(`\\f[BIRP]|\\&`).ReplaceAllString(roff, "")
	return strings.NewReplacer(`\-`, "-", `\\`, `\`).Replace(roff)
}

// examples returns the blocks of a page that are to be typed or written as they are.
func examples(roff string) (blocks []string) {
	for _, m := range regexp.MustCompile(`(?ms)^\.EX\n(.*?)^\.EE$`).FindAllStringSubmatch(roff, -1) {
		blocks = append(blocks, plain(m[1]))
	}
	return blocks
}

// command is one of tcptune's, as "tcptune describe" has it.
type command struct {
	Name  string
	Flags []struct {
		Name, Value string
		Aliases     []string
	}
	Commands []command
	Hidden   bool
}

// commands returns all that are visible, groups too, by what one types: "profile size".
func commands(t *testing.T) map[string]command {
	t.Helper()
	var top command
	if err := json.Unmarshal([]byte(output(t, "go", "run", "../../cmd/tcptune", "describe")), &top); err != nil {
		t.Fatal(err)
	}
	all := map[string]command{}
	var visit func(string, []command)
	visit = func(above string, list []command) {
		for _, c := range list {
			if name := strings.TrimSpace(above + " " + c.Name); !c.Hidden {
				all[name] = c
				visit(name, c.Commands)
			}
		}
	}
	visit("", top.Commands)
	return all
}

// has reports whether c takes a flag or an alias of that name, which stands without dashes.
func (c command) has(name string) bool {
	for _, f := range c.Flags {
		for _, n := range append(f.Aliases, f.Name) {
			if n == name {
				return true
			}
		}
	}
	return false
}

// output is what a program prints that must not fail.
func output(t *testing.T, program ...string) string {
	t.Helper()
	var errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program[0], program[1:]...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(program, " "), err, out, errs.String())
	}
	return string(out)
}

// exitCode is that of a command that was run, -1 when a signal has ended it.
func exitCode(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if err == nil {
		return 0
	}
	return exit.ExitCode()
}
