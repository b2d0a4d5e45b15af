package markdown

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	p, err := Parse("page.md", "intro `a b`\n\n# One\n\ntext [x](y.md#z) `c`\n\n```sh\n# no heading\n```\n\n## Two: the `2nd`\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []Section{
		{Prose: "intro `a b`\n\n"},
		{
			Level: 1, Title: "One", Prose: "\ntext [x](y.md#z) `c`\n\n\n",
			Blocks: []Block{{Lang: "sh", Text: "# no heading\n", Line: 8}},
		},
		{Level: 2, Title: "Two: the `2nd`"},
	}
	if diff := cmp.Diff(want, p.Sections); diff != "" {
		t.Error(diff)
	}
	one := p.Sections[1]
	if diff := cmp.Diff([]string{"c", "y.md#z"}, append(one.Spans(), one.Links()...)); diff != "" {
		t.Error(diff)
	}
	if got := p.Sections[2].Anchor(); got != "two-the-2nd" {
		t.Errorf("anchor %q", got)
	}
}

func TestAnOpenCodeBlockIsAnError(t *testing.T) {
	if _, err := Parse("page.md", "text\n```\nline\n"); err == nil {
		t.Error("no error")
	}
}
