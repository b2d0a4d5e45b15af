package docs

import (
	"path/filepath"
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

// translated are the pages that exist in Chinese, without ".md"; the other one ends in ".zh-CN.md".
func translated() []string {
	return []string{"../../README", "../../docs/first-tuned-host", "../../docs/from-zero-to-load-test"}
}

// TestChinesePagesAreInStep holds each of them against the English one, section by section.
func TestChinesePagesAreInStep(t *testing.T) {
	for _, page := range translated() {
		t.Run(filepath.Base(page), func(t *testing.T) {
			english, chinese := telling(t, page+".md"), telling(t, page+".zh-CN.md")
			if len(english) != len(chinese) {
				t.Fatalf("the Chinese page has %d sections, the English one %d", len(chinese), len(english))
			}
			for i, want := range english {
				if diff := cmp.Diff(want.told, chinese[i].told); diff != "" {
					t.Errorf("section %q differs, English (-) and Chinese (+):\n%s", want.title, diff)
				}
				names := slices.Contains([]string{"", "tcptune", "Go"}, want.title)
				if !names && !regexp.MustCompile(`\p{Han}`).MatchString(chinese[i].title) {
					t.Errorf("the heading %q is not translated", chinese[i].title)
				}
			}
		})
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
		// The way to the other language is checked below.
		links := slices.DeleteFunc(s.Links(), func(l string) bool { return l == other(path) })
		for i := range links {
			links[i] = strings.Replace(links[i], ".zh-CN.md", ".md", 1)
		}
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
		lines[i] = remark.ReplaceAllString(" "+lines[i], "")
	}
	return strings.Join(lines, "\n")
}

func figures(text string) []string {
	all := regexp.MustCompile(`\d+(?:[.,:]\d+)*`).FindAllString(text, -1)
	slices.Sort(all)
	return all
}

// other is the name of the page in the other language.
func other(page string) string {
	if name, ok := strings.CutSuffix(filepath.Base(page), ".zh-CN.md"); ok {
		return name + ".md"
	}
	return strings.TrimSuffix(filepath.Base(page), ".md") + ".zh-CN.md"
}

func TestTranslationsLeadToEachOther(t *testing.T) {
	for _, name := range translated() {
		for _, path := range []string{name + ".md", name + ".zh-CN.md"} {
			page, err := markdown.Read(path)
			if err != nil {
				t.Fatal(err)
			}
			if top := page.Sections[1]; !slices.Contains(top.Links(), other(path)) {
				t.Errorf("%s does not lead to %s at its top", path, other(path))
			}
		}
	}
}
