package docs

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/test/markdown"
)

// TestLinksResolve follows every link of every page to a file of the project, and to the heading that it names.
func TestLinksResolve(t *testing.T) {
	n := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "bin", "vendor"}, d.Name()) {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".md" {
			return nil
		}
		page, err := markdown.Read(path)
		if err != nil {
			return err
		}
		for _, s := range page.Sections {
			for _, link := range s.Links() {
				n++
				if why := dead(path, link); why != "" {
					t.Errorf("%s: the link to %s leads nowhere: %s", path, link, why)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 30 {
		t.Errorf("found %d links, which cannot be all of them", n)
	}
}

// dead is why a link on a page leads nowhere, or "". The rest of the world is not asked.
func dead(page, link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return err.Error()
	}
	if u.Scheme != "" {
		return ""
	}
	path := page
	if u.Path != "" {
		path = filepath.Join(filepath.Dir(page), u.Path)
	}
	if _, err := os.Stat(path); err != nil {
		return "there is no such file"
	}
	if u.Fragment == "" {
		return ""
	}
	target, err := markdown.Read(path)
	if err != nil {
		return err.Error()
	}
	names := func(s markdown.Section) bool { return s.Anchor() == u.Fragment }
	if !slices.ContainsFunc(target.Sections, names) {
		return "there is no such heading"
	}
	return ""
}

// TestMakeTargetsExist looks up every "make TARGET" of the pages in the Makefile.
func TestMakeTargetsExist(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	contributing, err := markdown.Read("../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range append(pages(t), contributing) {
		for _, target := range targets(p) {
			n++
			if !strings.Contains("\n"+string(makefile), "\n"+target+":") {
				t.Errorf("%s: make %s: the Makefile has no such target", p.Path, target)
			}
		}
	}
	if n < 10 {
		t.Errorf("found %d targets, which cannot be all of them", n)
	}
}

// targets are what follows "make" in code blocks, indented ones too, and between backticks.
func targets(p markdown.Page) []string {
	var lines, all []string
	for _, s := range p.Sections {
		for _, b := range s.Blocks {
			lines = append(lines, strings.Split(b.Text, "\n")...)
		}
		lines = append(lines, s.Spans()...)
		for line := range strings.Lines(s.Prose) {
			if code, ok := strings.CutPrefix(line, "    "); ok {
				lines = append(lines, code)
			}
		}
	}
	for _, line := range lines {
		line, _, _ = strings.Cut(line, "#")
		for part := range strings.SplitSeq(line, "&&") {
			words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(part), "sudo "))
			if len(words) > 1 && words[0] == "make" {
				all = append(all, words[1])
			}
		}
	}
	return all
}
