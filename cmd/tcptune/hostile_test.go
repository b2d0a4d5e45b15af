package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// hostile steers a terminal, forges a line, turns the direction of writing, and is no UTF-8.
const hostile = "x\x1b]0;owned\a\x1b[32m\nforged: all is well\r\u202eevil\u2028\u009b2J\x7f\xff\tend"

// TestNothingThatIsPrintedSteersATerminal has every command meet hostile names: of files, profiles, keys, and what is
// typed.
func TestNothingThatIsPrintedSteersATerminal(t *testing.T) {
	root := filepath.Join(t.TempDir(), "image")
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", "../../test/fixtures/ubuntu-24.04", root).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	write := func(name, text string) {
		t.Helper()
		p := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("var/lib/dpkg/arch", "amd64\n")
	write("etc/sysctl.d/zzz-"+hostile+".conf", "net.ipv4.tcp_fin_timeout = 20\nnet.core.somaxconn = -5\nnet.ipv4."+hostile+" = 1\n")
	write("etc/sysctl.d/zzzz.conf", "net.ipv4.tcp_congestion_control = x\x1b[31mred\n")
	write("etc/tcptune/"+hostile, "")
	write("etc/tcptune/profiles.d/"+hostile+".yml", "")
	write("etc/tcptune/profiles.d/ours.yaml", "name: ours\nsummary: \"a\\e[31m\\nforged: b\"\nextends: server\n")
	write("etc/tcptune/profiles.d/"+strings.ReplaceAll(hostile, "/", "")+".yaml", "name: x\n")

	printed := 0
	for _, words := range [][]string{
		{"check"},
		{"check", "--strict"},
		{"plan"},
		{"plan", "--profile", "wan"},
		{"plan", "--profile", "ours"},
		{"plan", "--profile", hostile},
		{"status"},
		{"status", "--profile", "ours"},
		{"apply", "--dry-run"},
		{"apply", hostile},
		{"apply"},
		{"status"},
		{"explain", "tcp_fin_timeout"},
		{"explain", "net.core.somaxconn"},
		{"explain", hostile},
		{"explain", "--list"},
		{"lint"},
		{"import", "/etc/sysctl.d", "--name", "all", "--dry-run"},
		{"import", hostile, "--name", hostile},
		{"lint", "--format", "github"},
		{"lint", "--format", "sarif"},
		{"lint", "/etc/sysctl.d", hostile},
		{"profile", "list"},
		{"profile", "show", "ours"},
		{"profile", "show", hostile},
		{"plan", "--bandwidth", hostile},
		{"plan", "--rtt", hostile},
		{"plan", "--out", "/nowhere/" + hostile},
		{"plan", "--" + hostile},
		{"plan", hostile},
		{"service", "install", "--dry-run", "--name", hostile},
		{"service", "install", "--dry-run", "--listen", hostile},
		{"service", "install", "--dry-run", "--protocol", hostile},
		{"service", "install", "--dry-run", "--limit", hostile},
		{"service", "install", "--dry-run", "--exec", "/" + hostile, "--listen", "9000"},
		{"service", "uninstall", hostile},
		{"go", "install", "--dry-run", hostile},
		{"go", "install", "--dry-run", "--from-mod", hostile},
		{"go", "list"},
		{"go", "use", hostile},
		{"go", "remove", hostile},
		{"go", "install", "--dry-run", "--source", hostile},
		{"revert", "--dry-run"},
		{"revert"},
		{hostile},
		{"help", hostile},
		{"service", hostile},
		{"completion", hostile},
		{"port", hostile},
		{"port", "1", "--kill", "--signal", hostile},
		{"port", "1", "--expect", hostile},
		{"port", "1", "--netns", hostile},
		{"service", "status", hostile},
		{"service", "logs", hostile},
		{"profile", "size", "--bandwidth", "1gbit", "--rtt", "1ms", "--congestion", hostile},
	} {
		for _, extra := range [][]string{nil, {"--json"}} {
			args := append(append([]string{"tcptune"}, words...), extra...)
			if !strings.Contains("port service-status service-logs profile-size completion help", words[0]) || words[0] == "profile" && words[1] != "size" {
				args = append(args, "--root", root)
			}
			var out, errw bytes.Buffer
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Args, cmd.Env = args, append(os.Environ(), inScript+"=1")
			cmd.Stdout, cmd.Stderr, cmd.Dir = &out, &errw, t.TempDir()
			_ = cmd.Run() // most are mistakes
			if extra != nil && out.Len() > 0 && !json.Valid(out.Bytes()) {
				t.Errorf("%q: not a JSON document:\n%s", args, out.Bytes())
			}
			text := out.String() + errw.String()
			printed += strings.Count(text, "forged")
			if !utf8.ValidString(text) {
				t.Errorf("%q: what is printed is no UTF-8: %q", args, text)
			}
			for line := range strings.Lines(text) {
				if strings.HasPrefix(strings.TrimSpace(line), "forged") {
					t.Errorf("%q: a line is forged: %q", args, line)
				}
				if i := strings.IndexFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
					t.Errorf("%q: what does not print is printed: %q", args, line)
				}
			}
		}
	}
	if printed < 40 { // or the hostile names have reached no output
		t.Errorf("hostile names were printed %d times only", printed)
	}
}
