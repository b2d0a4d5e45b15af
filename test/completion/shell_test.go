package completion

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shell completes lines in one of the shells.
type shell struct {
	name string
	argv []string // of a program that reads lines, and prints "> LINE" and then each reply, with its description behind a tab
}

// offers is what a shell offers for a line: words, and what it says of them.
type offers map[string]string

// words are those that are offered, sorted.
func (o offers) words() []string {
	list := []string{}
	for w := range o {
		list = append(list, w)
	}
	slices.Sort(list)
	return list
}

// eachShell runs test for bash, zsh and fish, those that this machine has.
func eachShell(t *testing.T, test func(t *testing.T, s shell)) {
	for name, options := range map[string][]string{"bash": {"--norc"}, "zsh": {"-f"}, "fish": {"--no-config"}} {
		t.Run(name, func(t *testing.T) {
			program, err := exec.LookPath(name)
			if err != nil {
				t.Skipf("there is no %s on this machine", name)
			}
			test(t, shell{name, append([]string{program},
				append(options, absolute(t, "ask/"+name), absolute(t, "../../docs/completion"))...)})
		})
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	p, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ask returns what the shell offers for each line. The first tcptune on its PATH must not be run. Before are the words
// of a command that runs another one.
func (s shell) ask(t *testing.T, lines []string, before ...string) map[string]offers {
	t.Helper()
	fake := newFake(t)
	argv := append(before, s.argv...)
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	var said strings.Builder
	cmd.Stderr = &said
	home := t.TempDir()
	cmd.Env = append(os.Environ(), "PATH="+fake.dir+":"+os.Getenv("PATH"), "HOME="+home, "TMPDIR="+home, "TERM=xterm",
		"LC_ALL=C.UTF-8")
	out, err := cmd.Output()
	if err != nil || said.Len() > 0 {
		t.Fatalf("%s: %v\n%s", s.name, err, said.String())
	}
	if runs := fake.runs(t); runs != "" {
		t.Errorf("%s ran tcptune to complete:\n%s", s.name, runs)
	}
	return replies(t, string(out), lines)
}

func replies(t *testing.T, out string, lines []string) map[string]offers {
	t.Helper()
	all := map[string]offers{}
	var line string
	for text := range strings.Lines(out) {
		text = strings.TrimSuffix(text, "\n")
		if rest, ok := strings.CutPrefix(text, "> "); ok {
			line = rest
			all[line] = offers{}
			continue
		}
		word, description, _ := strings.Cut(text, "\t")
		// fish repeats "--profile=" before each value; whether "/" or "=" is part of the word depends on the shell.
		if i := strings.LastIndexByte(line, ' '); strings.HasPrefix(line[i+1:], "-") && strings.HasPrefix(word, "-") {
			if flag, value, ok := strings.Cut(word, "="); ok && strings.HasPrefix(line[i+1:], flag+"=") {
				word = value
			}
		}
		word = strings.ReplaceAll(word, `\`, "") // bash takes names quoted, the others quote them
		all[line][strings.TrimRight(word, "/=")] = description
	}
	for _, l := range lines {
		if all[l] == nil {
			t.Fatalf("no answer for %q:\n%s", l, out)
		}
	}
	return all
}

// fake is a tcptune that only notes that it was run.
type fake struct{ dir, log string }

func newFake(t *testing.T) fake {
	t.Helper()
	dir := t.TempDir()
	f := fake{dir, filepath.Join(dir, "log")}
	script := "#!/bin/sh\necho \"tcptune $*\" >>'" + f.log + "'\n"
	if err := os.WriteFile(filepath.Join(dir, "tcptune"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return f
}

// runs are the command lines with which the fake was run.
func (f fake) runs(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(f.log)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

// What the other tests rely on.
func TestTheFakeNotesThatItWasRun(t *testing.T) {
	f := newFake(t)
	if err := exec.CommandContext(t.Context(), filepath.Join(f.dir, "tcptune"), "apply", "--now").Run(); err != nil {
		t.Fatal(err)
	}
	if got, want := f.runs(t), "tcptune apply --now\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
