package main

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	schematest "github.com/tcptune/tcptune/test/schema"
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
			return out.String()
		}
		return out.String() + errw.String()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, held, _ := net.SplitHostPort(listener.Addr().String())
	for _, line := range []string{
		"check --root .", "plan --root .", "plan --root . --profile wan --bandwidth 10gbit --rtt 80ms", "apply --root . --dry-run",
		"status --root .", "explain tcp_rmem --root .", "explain tcp_congestion_control --root .", "explain tcp_tw_reuse --root .",
		"explain --list --root .", "profile list --root .", "profile show server --root .", "profile show wan --root .",
		"profile diff server proxy --root .", "profile diff server HOST-NOW", "explain ip_forward", "explain net.ipv4.conf.lo.forwarding",
		"explain net.ipv4.route.flush", "explain tcp_fack --root .",
		"profile size --bandwidth 10gbit --rtt 80ms", "version", "go list --root .", "apply --root .", "status --root .",
		"revert --root . --dry-run", "revert --root .", "plan --profile nosuch --root .",
		"service install --root . --listen 8080 --dry-run", "service install --root . --listen 8080", "service status --root .",
		"service uninstall --root . --dry-run", "service uninstall --root .", "service status --root .",
		"port " + held, "port " + held + " --expect free", "port " + held + " --kill --dry-run",
	} {
		args := strings.Fields(line)
		if i := slices.Index(args, "."); i >= 0 {
			args[i] = root
		}
		verb := args[0]
		if verb == "service" {
			verb += " " + args[1]
		}
		undo, changes := map[string][]string{
			"apply": {"revert"}, "revert": {"apply"},
			"service install": {"service", "uninstall"}, "service uninstall": {"service", "install", "--listen", "8080"},
		}[verb]
		changes = changes && !slices.Contains(args, "--dry-run")
		text, document := say(args...), ""
		if changes { // what was done is done: the journal is taken back for the second look
			say(append(undo, "--root", root)...)
		}
		document = say(append(args, "--json")...)
		unquoted := strings.ReplaceAll(document, `\"`, `"`)
		for _, fact := range factual.FindAllString(text, -1) {
			fact = strings.Trim(fact, ".:/-+")
			if strings.ContainsAny(fact, "0123456789/_.") && !strings.Contains(unquoted, fact) {
				t.Errorf("%s: the document does not have %q of the text", line, fact)
			}
		}
		for _, fact := range told(t, document) {
			if !strings.Contains(spaces.ReplaceAllString(text, ""), spaces.ReplaceAllString(fact, "")) {
				t.Errorf("%s: the text does not have %q of the document", line, fact)
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

// told is what the rows of a document say: of a change what is changed, to what and why not; of a check its name, value and
// fix, and why it is not passed. What holds already is one sentence of a text.
func told(t *testing.T, document string) []string {
	var doc struct {
		Changes []struct{ Target, After, Reason, Status string }
		Checks  []struct{ Grade, Name, Value, Reason, Fix string }
	}
	if err := json.Unmarshal([]byte(document), &doc); err != nil {
		t.Fatal(err)
	}
	var facts []string
	for _, c := range doc.Changes {
		if c.Status != "unchanged" {
			facts = append(append(facts, c.Target, c.Reason), assigned(c.After)...)
		}
	}
	for _, c := range doc.Checks {
		facts = append(facts, c.Name, c.Value, c.Fix)
		if c.Grade != "PASS" {
			facts = append(facts, c.Reason)
		}
	}
	return facts
}

// assigned is value, or of the contents of a file the lines that are no comments.
func assigned(value string) []string {
	if !strings.Contains(value, "\n") {
		return []string{value}
	}
	return slices.DeleteFunc(strings.Split(value, "\n"), func(line string) bool { return strings.HasPrefix(line, "#") })
}
