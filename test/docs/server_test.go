package docs

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/test/markdown"
)

func TestServerPageNamesFlagsThatExist(t *testing.T) {
	help, err := exec.Command(filepath.Join(programs(t), "tcptune-server"), "--help").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, help)
	}
	known := strings.Fields(strings.ReplaceAll(string(help), ",", " "))
	page, err := markdown.Read("../../docs/server.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range page.Sections {
		for _, span := range s.Spans() {
			flag, _, _ := strings.Cut(span, " ")
			if !strings.HasPrefix(flag, "--") {
				continue
			}
			n++
			if !containsFlag(known, flag) {
				t.Errorf("tcptune-server has no flag %s", flag)
			}
		}
	}
	if n < 10 {
		t.Errorf("found %d flags, which cannot be all of them", n)
	}
}

// containsFlag finds --flag in a help text that may write it with one dash.
func containsFlag(words []string, flag string) bool {
	for _, w := range words {
		if w == flag || "-"+w == flag {
			return true
		}
	}
	return false
}
