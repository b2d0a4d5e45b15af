package diagnosetest

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/diagnose/rules"
)

// tests are the situations that have a test of their own.
func tests() map[string][]string {
	return map[string][]string{
		"descriptors":   {"a program without descriptors"},
		"cpu-throttled": {"a program that may not run"},
		"tcp-memory":    {"all of TCP may take less memory than it needs (on a machine of its own)"},
		"softnet":       {"the queue of a processor is short (on a machine of its own)"},
	}
}

// The page says of each rule which situations provoke it here, and how sure the finding is then.
func TestThePageHasTheTableOfSituations(t *testing.T) {
	page, err := os.ReadFile("../../docs/diagnose.md")
	if err != nil {
		t.Fatal(err)
	}
	all, err := rules.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if !slices.Contains(rules.IDs(), r.ID) {
			continue
		}
		if want := row(r); !strings.Contains(string(page), want) {
			t.Errorf("docs/diagnose.md lacks the row\n%s", want)
		}
	}
}

func row(r rules.Rule) string {
	names := slices.Clone(tests()[r.ID])
	for name, s := range situations() {
		if s.rule == r.ID {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	sure := rules.Certain
	switch {
	case r.Certain == nil && r.Likely == nil:
		sure = rules.Hint
	case r.Certain == nil:
		sure = rules.Likely
	}
	text := strings.Join(names, "; ")
	if names == nil {
		text = "none that a namespace can provoke"
	}
	return fmt.Sprintf("| `%s` | %s | %s |", r.ID, sure, text)
}

// What no test provokes is a hint.
func TestARuleWithoutASituationIsAHint(t *testing.T) {
	all, err := rules.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if strings.HasSuffix(row(r), "| none that a namespace can provoke |") && (r.Certain != nil || r.Likely != nil) {
			t.Errorf("%s is more than a hint, and nothing provokes it", r.ID)
		}
	}
}
