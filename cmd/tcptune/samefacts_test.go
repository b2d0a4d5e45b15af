package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/test/schema"
)

// A fact is a number, a key, a path, a version or a status word; the rest of a text are its own words.
var (
	factual = regexp.MustCompile(`[A-Za-z0-9_./:+-]*[0-9/_.][A-Za-z0-9_./:+-]*`)
	spaces  = regexp.MustCompile(`\s+`)
)

// TestTheTextAndTheDocumentHaveTheSameFacts runs each command that shows something twice.
func TestTheTextAndTheDocumentHaveTheSameFacts(t *testing.T) {
	root := filepath.Join(t.TempDir(), "image")
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", "../../test/fixtures/ubuntu-24.04", root).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(root, "var/lib/dpkg/arch"), []byte("amd64\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	say := func(args ...string) string {
		var out, errw bytes.Buffer
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Args, cmd.Env, cmd.Stdout, cmd.Stderr = append([]string{"tcptune"}, args...), append(os.Environ(), inScript+"=1"), &out, &errw
		_ = cmd.Run() // 2 and 4 are answers, too
		if slices.Contains(args, "--json") {
			schematest.Validate(t, out.Bytes())
			return strings.ReplaceAll(out.String(), `\"`, `"`)
		}
		return out.String() + errw.String()
	}
	for _, line := range []string{
		"check --root .", "plan --root .", "plan --root . --profile wan --bandwidth 10gbit --rtt 80ms", "apply --root . --dry-run",
		"status --root .", "explain tcp_rmem --root .", "explain tcp_congestion_control --root .", "explain tcp_tw_reuse --root .",
		"explain --list --root .", "profile list --root .", "profile show server --root .", "profile show wan --root .",
		"profile size --bandwidth 10gbit --rtt 80ms", "version", "go list --root .", "apply --root .", "status --root .",
		"revert --root . --dry-run", "revert --root .", "plan --profile nosuch --root .",
	} {
		args := strings.Fields(line)
		if i := slices.Index(args, "."); i >= 0 {
			args[i] = root
		}
		changes := slices.Contains([]string{"apply", "revert"}, args[0]) && !slices.Contains(args, "--dry-run")
		text, document := say(args...), ""
		if changes { // what was done is done: the journal is taken back for the second look
			undo := map[string]string{"apply": "revert", "revert": "apply"}[args[0]]
			say(undo, "--root", root)
		}
		document = say(append(args, "--json")...)
		for _, fact := range factual.FindAllString(text, -1) {
			fact = strings.Trim(fact, ".:/-+")
			if strings.ContainsAny(fact, "0123456789/_.") && !strings.Contains(document, fact) {
				t.Errorf("%s: the document does not have %q of the text", line, fact)
			}
		}
		if args[0] == "explain" && args[1] != "--list" {
			said := spaces.ReplaceAllString(text, " ")
			for _, m := range regexp.MustCompile(`(?m)^ +(?:"[a-z]+": )?"([^"]+)",?$`).FindAllStringSubmatch(document[strings.Index(document, `"explained"`):], -1) {
				if fact := strings.TrimSpace(spaces.ReplaceAllString(m[1], " ")); !strings.Contains(said, fact) {
					t.Errorf("%s: the text does not have %q of the document", line, fact)
				}
			}
		}
	}
}
