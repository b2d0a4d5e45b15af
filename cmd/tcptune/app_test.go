package main

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"
)

func TestEveryCommandHasAnExampleAndSaysWhatItTakes(t *testing.T) {
	var visit func(path string, commands []*cli.Command)
	visit = func(path string, commands []*cli.Command) {
		for _, c := range commands {
			name := path + " " + c.Name
			if c.Usage == "" || c.UsageText == "" {
				t.Errorf("%s: has no usage", name)
			}
			if len(c.Subcommands) > 0 {
				visit(name, c.Subcommands)
				continue
			}
			_, examples, found := strings.Cut(c.Description, "Example")
			if !found || !strings.Contains(examples, name) {
				t.Errorf("%s: its help shows no example of it", name)
			}
			for _, f := range c.VisibleFlags() {
				if doc, ok := f.(cli.DocGenerationFlag); ok && doc.GetUsage() == "" {
					t.Errorf("%s --%s: has no usage", name, f.Names()[0])
				}
			}
		}
	}
	visit("tcptune", newApp(terminal{out: io.Discard, err: io.Discard}).Commands)
}

func TestFlagsCountWhereverTheyStand(t *testing.T) {
	app := newApp(terminal{out: io.Discard, err: io.Discard})
	for _, tc := range []struct{ in, want string }{
		{"tcptune apply saved.json --dry-run", "tcptune apply --dry-run saved.json"},
		{"tcptune apply saved.json --wait 30s --json", "tcptune apply --wait 30s --json saved.json"},
		{"tcptune apply saved.json --wait=30s", "tcptune apply --wait=30s saved.json"},
		{"tcptune apply saved.json -p wan", "tcptune apply -p wan saved.json"},
		{"tcptune apply one.json -n two.json", "tcptune apply -n one.json two.json"},
		{"tcptune profile show server --root image", "tcptune profile show --root image server"},
		{"tcptune explain apply --json", "tcptune explain --json apply"},
		{"tcptune apply -- --dry-run", "tcptune apply -- --dry-run"},
		{"tcptune apply saved.json --json -- --dry-run", "tcptune apply --json -- saved.json -- --dry-run"},
		{"tcptune apply --profile --dry-run", "tcptune apply --profile --dry-run"}, // the value of --profile, as for getopt
		{"tcptune --version", "tcptune --version"},
		{"tcptune", "tcptune"},
	} {
		if diff := cmp.Diff(strings.Fields(tc.want), reorder(app, strings.Fields(tc.in))); diff != "" {
			t.Errorf("%s: wanted (-) and got (+):\n%s", tc.in, diff)
		}
	}
}

func TestTheCommandForRootCanBePasted(t *testing.T) {
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"apply"}, "sudo tcptune apply"},
		{[]string{"apply", "my plan.json"}, "sudo tcptune apply 'my plan.json'"},
		{[]string{"apply", "it's"}, `sudo tcptune apply 'it'\''s'`},
		{[]string{"apply", "--profile", ""}, "sudo tcptune apply --profile ''"},
		{[]string{"apply", "$HOME/plan", "a;b", "a\tb"}, "sudo tcptune apply '$HOME/plan' 'a;b' 'a\tb'"},
	} {
		if got := asRoot(tc.args); got != tc.want {
			t.Errorf("%q: got %s, want %s", tc.args, got, tc.want)
		}
	}
}
