package docs

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/test/markdown"
)

// told is what a section says in any language.
type told struct {
	Level  int
	Blocks []markdown.Block // without comments
	Spans  []string         // names in backticks: each once, in order
	Links  []string
	Digits []string // figures in the text, in order of size
}

// TestChineseReadmeIsInStep holds README.zh-CN.md against README.md, section by section.
func TestChineseReadmeIsInStep(t *testing.T) {
	english, chinese := telling(t, "../../README.md"), telling(t, "../../README.zh-CN.md")
	if len(english) != len(chinese) {
		t.Fatalf("README.zh-CN.md has %d sections, README.md has %d", len(chinese), len(english))
	}
	for i, want := range english {
		if diff := cmp.Diff(want.told, chinese[i].told); diff != "" {
			t.Errorf("README.zh-CN.md, section %q, differs from README.md, section %q:\n%s", chinese[i].title, want.title, diff)
		}
		if !slices.Contains([]string{"", "tcptune", "Go"}, want.title) &&
			!regexp.MustCompile(`\p{Han}`).MatchString(chinese[i].title) {
			t.Errorf("the heading %q is not translated", chinese[i].title)
		}
	}
}

type section struct {
	title string
	told
}

func telling(t *testing.T, path string) []section {
	t.Helper()
	page, err := markdown.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []section
	for _, s := range page.Sections {
		links := slices.DeleteFunc(s.Links(), func(l string) bool { return strings.HasPrefix(l, "README") })
		x := told{Level: s.Level, Spans: s.Spans(), Links: links, Digits: figures(s.Words())}
		slices.Sort(x.Spans)
		x.Spans = slices.Compact(x.Spans)
		slices.Sort(x.Links)
		for _, b := range s.Blocks {
			x.Blocks = append(x.Blocks, markdown.Block{Lang: b.Lang, Text: withoutComments(b)})
		}
		all = append(all, section{s.Title, x})
	}
	return all
}

// withoutComments leaves out what may be translated.
func withoutComments(b markdown.Block) string {
	if b.Lang == "text" {
		return b.Text
	}
	lines := strings.Split(b.Text, "\n")
	for i := range lines {
		lines[i] = remark.ReplaceAllString(lines[i], "")
	}
	return strings.Join(lines, "\n")
}

func figures(text string) []string {
	all := regexp.MustCompile(`\d+(?:[.,:]\d+)*`).FindAllString(text, -1)
	slices.Sort(all)
	return all
}

func TestReadmesLeadToEachOther(t *testing.T) {
	for path, other := range map[string]string{
		"../../README.md":       "README.zh-CN.md",
		"../../README.zh-CN.md": "README.md",
	} {
		page, err := markdown.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if top := page.Sections[1]; !slices.Contains(top.Links(), other) {
			t.Errorf("%s does not lead to %s at its top", path, other)
		}
	}
}
