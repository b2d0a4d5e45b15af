package schematest

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/docs/schema"
	"github.com/tcptune/tcptune/internal/report"
)

// verdict is a row of the table in docs/ARCHITECTURE.md, under "The rule of verdicts".
type verdict struct{ of, good, from string }

// Each word in which a command can say how a thing is stands in the table, with what it was read back from; and the code
// takes none for good that the table does not.
func TestEveryVerdictSaysWhatItWasReadBackFrom(t *testing.T) {
	table := verdicts(t)
	for _, word := range verdictWords(t) {
		row, there := table[word]
		if !there {
			t.Errorf("%q is printed, and docs/ARCHITECTURE.md does not say what it was read back from", word)
			continue
		}
		if row.good != "yes" && row.good != "no" || len(row.from) < 8 || row.of == "" {
			t.Errorf("%q: %+v", word, row)
		}
	}
	for word, row := range table {
		if status := report.Status(word); strings.HasPrefix(row.of, "a change") && status.Good() != (row.good == "yes") {
			t.Errorf("%q is good in the code: %v, in the table: %s", word, status.Good(), row.good)
		}
		if strings.Contains(word, "unknown") && row.good != "no" {
			t.Errorf("%q is good", word)
		}
	}
	for _, s := range []report.Status{report.Applied, report.Unchanged, report.Kept} {
		if s.Partial() {
			t.Errorf("%q is good and makes a run partial", s)
		}
	}
	if report.Unknown.Good() || !report.Unknown.Partial() {
		t.Error("what is unknown is good, or does not make a run partial")
	}
}

func verdicts(t *testing.T) map[string]verdict {
	t.Helper()
	text, err := os.ReadFile("../../docs/ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## The rule of verdicts\n")
	section, _, _ = strings.Cut(section, "\n## ")
	table := map[string]verdict{}
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !strings.Contains(cells[1], "`") {
			continue
		}
		for word := range strings.SplitSeq(cells[1], ",") {
			table[strings.Trim(word, " `")] = verdict{
				strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3]), strings.TrimSpace(cells[4]),
			}
		}
	}
	return table
}

// verdictWords are those that the schema allows where the state of a thing is told.
func verdictWords(t *testing.T) (all []string) {
	t.Helper()
	var doc struct {
		Defs map[string]struct {
			Enum       []string
			Properties map[string]json.RawMessage
		} `json:"$defs"`
	}
	if err := json.Unmarshal(schema.V1, &doc); err != nil {
		t.Fatal(err)
	}
	for name, def := range doc.Defs {
		if name == "status" {
			all = append(all, def.Enum...)
		}
		for property, text := range def.Properties {
			var p struct{ Enum []string }
			if property != "state" && property != "grade" {
				continue
			}
			if err := json.Unmarshal(text, &p); err != nil {
				t.Fatal(err)
			}
			all = append(all, p.Enum...)
		}
	}
	slices.Sort(all)
	if all = slices.Compact(all); len(all) < 15 {
		t.Errorf("only %d words: %v", len(all), all)
	}
	return all
}
