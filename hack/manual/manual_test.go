package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFlagsOfSeveralCommandsAreDescribedOnce(t *testing.T) {
	root := option{Name: "root", Value: "DIR", Usage: "work on `DIR`"}
	dry := option{Name: "dry-run", Aliases: []string{"n"}, Usage: "only show"}
	json := option{Name: "json", Usage: "print JSON"}
	commands := []command{
		{path: "tcptune a", Flags: []option{root, dry, json}},
		{path: "tcptune b", Flags: []option{root, json}},
		{path: "tcptune c", Flags: []option{json, {Name: "dry-run", Usage: "something else"}}},
	}
	shared := sharedOptions(commands)
	if diff := cmp.Diff([]option{root, json}, shared); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	const want = "**--root** *DIR*\n: Work on *DIR*. Taken by a, b.\n\n**--json**\n: Print JSON.\n\n"
	if diff := cmp.Diff(want, optionList(shared, commands)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestDefaultsAreSaid(t *testing.T) {
	for preset, want := range map[string]string{`"TERM"`: " Default: TERM.", "30s": " Default: 30s.", "": "", "0": " Default: 0."} {
		if got := (option{Default: preset}).preset(); got != want {
			t.Errorf("%q: %q, want %q", preset, got, want)
		}
	}
}

func TestTextIsTakenApart(t *testing.T) {
	text, examples := command{Text: "Does it.\n\nExamples:\n  tcptune a\n  tcptune b\n\nExit codes: 0."}.parts()
	if text != "Does it.\n\nExit codes: 0." || examples != "  tcptune a\n  tcptune b" {
		t.Errorf("text %q, examples %q", text, examples)
	}
	if diff := cmp.Diff("```\ntcptune a\ntcptune b\n```\n\n", code(examples)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff("Two ways:\n\n```\nx  one\ny  two\n```\n\nand **--no** more\n\n", blocks("Two ways:\n  x  one\n  y  two\nand --no more")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestServerOptionsAreRead(t *testing.T) {
	got := serverOptions("Flags:\n  -max-conns N\n    \tserve N at a time; 0: any (5)\n  -protocol NAME\n    \tspeak NAME (default \"echo\")\n  -version\n    \tprint it\n")
	want := []option{{Name: "max-conns", Value: "N", Usage: "serve N at a time; 0: any", Default: "5"}, {Name: "protocol", Value: "NAME", Usage: "speak NAME", Default: "echo"}, {Name: "version", Usage: "print it"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A minus sign that is typed must not become a hyphen, groff_char(7).
func TestDashesAreMinusSigns(t *testing.T) {
	got := string(roff("# \"A\" \"8\"\n\n## EXAMPLES\n\n```\na --b -c\n```\n\nthe `--b` *C-D*\n"))
	if strings.Contains(strings.ReplaceAll(got, `\-`, ""), "-") || strings.Contains(got, `\\-`) {
		t.Error(got)
	}
	if strings.Contains(got, "\n\n") {
		t.Errorf("an empty line: %q", got)
	}
}

func TestAPageNamesItself(t *testing.T) {
	var m manual
	if _, err := m.compose("tcptune.yaml.5", "2026-01-02", "# tcptune - x\n"); err == nil {
		t.Error("a page of another name is taken")
	}
	if _, err := m.compose("tcptune.8", "2026-01-02", "# tcptune - x\n\n<!-- synopsis nothing -->\n"); err == nil {
		t.Error("a command that does not exist is taken")
	}
	page, err := m.compose("tcptune.yaml.5", "2026-01-02", "# tcptune.yaml - x\n")
	if want := "# \"TCPTUNE.YAML\" \"5\" \"2026-01-02\" \"tcptune\" \"File Formats\"\n\n## NAME\ntcptune.yaml - x\n"; err != nil || !strings.HasPrefix(page, want) {
		t.Errorf("%v\n%s", err, cmp.Diff(want, page))
	}
}
