package docs

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/docs/schema"
	"github.com/tcptune/tcptune/test/markdown"
)

// TestReadingStatusExplainsEveryColumnAndWord asks tcptune for its columns, and the schema for the words of a status.
func TestReadingStatusExplainsEveryColumnAndWord(t *testing.T) {
	page, err := markdown.Read("../../docs/reading-status.md")
	if err != nil {
		t.Fatal(err)
	}
	prose := ""
	for _, s := range page.Sections {
		prose += s.Prose
	}
	explains := func(what string) {
		t.Helper()
		if !strings.Contains(prose, "\n| "+what+" | ") {
			t.Errorf("docs/reading-status.md has no row for %q", what)
		}
	}
	s := newSandbox(t, programs(t), "ubuntu-24.04")
	header := regexp.MustCompile(`(?m)^KEY  .*$`).FindString(s.runs("tcptune status --all"))
	columns := regexp.MustCompile(`  +`).Split(header, -1)
	if len(columns) < 5 {
		t.Fatalf("found the columns %q, which cannot be all of them", columns)
	}
	for _, c := range columns {
		explains(c)
	}

	var document struct {
		Defs struct {
			Status struct{ Enum []string }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(schema.V1, &document); err != nil {
		t.Fatal(err)
	}
	inTable := map[string]string{"unchanged": "as wanted", "planned": "to apply"}
	for _, word := range document.Defs.Status.Enum {
		switch {
		case word == "applied" || word == "failed": // of apply, which changes something
		case inTable[word] != "":
			explains(inTable[word])
		default:
			explains(word)
		}
	}
}
