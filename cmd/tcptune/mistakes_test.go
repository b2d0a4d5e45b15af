package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/report"
)

// TestWhatIsAnsweredToAWrongCommandLine holds testdata/mistakes.txt: behind "$" what is typed, "|" between its words
// where one is empty or has blanks, then the exit code and what stderr says. UPDATE=1 writes it anew, for a reader to
// judge.
func TestWhatIsAnsweredToAWrongCommandLine(t *testing.T) {
	const file = "testdata/mistakes.txt"
	wanted, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	lines := 0
	for line := range strings.Lines(string(wanted)) {
		typed, isCommand := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "$ ")
		switch {
		case strings.HasPrefix(line, "#"):
			got.WriteString(line)
		case isCommand:
			lines++
			fmt.Fprintf(&got, "$ %s\n%s\n", typed, answer(t, typed))
		}
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(wanted), got.String()); diff != "" {
		t.Errorf("wanted (-) and got (+):\n%s", diff)
	}
	for _, theirs := range []string{"parse error", "not defined", "flag needs", "provided but", "invalid value", "strconv"} {
		if strings.Contains(got.String(), theirs) {
			t.Errorf("%q are the words of a library", theirs)
		}
	}
	if lines < 60 {
		t.Errorf("there are %d command lines, want 60 and more", lines)
	}
}

// answer is what stderr says to a command line that must be a mistake.
func answer(t *testing.T, typed string) string {
	t.Helper()
	words := strings.Fields(typed)
	if strings.Contains(typed, "|") {
		words = strings.Split(typed, "|")
	}
	var out, errw bytes.Buffer
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Args, cmd.Env = words, append(os.Environ(), inScript+"=1", "TERM=dumb")
	cmd.Stdout, cmd.Stderr, cmd.Dir = &out, &errw, t.TempDir()
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() == report.ExitDiffers || exit.ExitCode() == report.ExitPartial {
		t.Errorf("%s: ended with %v, want a mistake", typed, err)
		return ""
	}
	if out.Len() > 0 {
		t.Errorf("%s: stdout has %q: a mistake goes to stderr", typed, out.String())
	}
	return fmt.Sprintf("exit code %d\n%s", exit.ExitCode(), errw.String())
}
