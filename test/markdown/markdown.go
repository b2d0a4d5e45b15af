// Package markdown reads what tests need of the project's own pages: code blocks, headings, names in backticks, links.
// It understands the Markdown that is written here and no other: fences begin a line, headings begin with '#'.
package markdown

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Page is a Markdown file.
type Page struct {
	Path     string
	Sections []Section // the first one is what stands before the second heading
}

// Section is a heading and what follows it, up to the next heading.
type Section struct {
	Level  int    // 1 for "#"; 0 for what stands before any heading
	Title  string // without the '#'
	Prose  string // the text without code blocks
	Blocks []Block
}

// Block is a fenced code block.
type Block struct {
	Lang string // what stands behind the fence
	Text string
	Line int // where its text begins in the file, from 1
}

// Read reads the page at path.
func Read(path string) (Page, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Page{}, err
	}
	return Parse(path, string(data))
}

// Project reads the pages of the project at root that are meant for users: both READMEs and what lies in docs itself.
func Project(root string) ([]Page, error) {
	paths, err := filepath.Glob(filepath.Join(root, "docs/*.md"))
	if err != nil {
		return nil, err
	}
	var pages []Page
	for _, path := range append([]string{filepath.Join(root, "README.md"), filepath.Join(root, "README.zh-CN.md")}, paths...) {
		p, err := Read(path)
		if err != nil {
			return nil, err
		}
		pages = append(pages, p)
	}
	return pages, nil
}

// Parse takes text apart. It fails where a code block does not end.
func Parse(path, text string) (Page, error) {
	p := Page{Path: path, Sections: []Section{{}}}
	var open *Block
	n := 0
	for line := range strings.Lines(text) {
		n++
		s := &p.Sections[len(p.Sections)-1]
		lang, fence := strings.CutPrefix(strings.TrimRight(line, "\n"), "```")
		level := len(line) - len(strings.TrimLeft(line, "#"))
		switch {
		case fence && open == nil:
			open = &Block{Lang: lang, Line: n + 1}
		case fence:
			s.Blocks = append(s.Blocks, *open)
			open = nil
		case open != nil:
			open.Text += line
		case level > 0 && level <= 6 && line[level] == ' ':
			p.Sections = append(p.Sections, Section{Level: level, Title: strings.TrimSpace(line[level:])})
		default:
			s.Prose += line
		}
	}
	if open != nil {
		return p, fmt.Errorf("%s:%d: the code block does not end", path, open.Line)
	}
	return p, nil
}

// Blocks are the code blocks of all sections.
func (p Page) Blocks() []Block {
	var all []Block
	for _, s := range p.Sections {
		all = append(all, s.Blocks...)
	}
	return all
}

var (
	span = regexp.MustCompile("`([^`]+)`")
	link = regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)
)

// Spans are the texts in backticks, outside of code blocks.
func (s Section) Spans() []string { return groups(span, s.Prose) }

// Links are the targets of the links.
func (s Section) Links() []string { return groups(link, span.ReplaceAllString(s.Prose, "code")) }

// Words is the text without names in backticks and targets of links.
func (s Section) Words() string {
	text := span.ReplaceAllString(s.Prose, "")
	return regexp.MustCompile(`\]\([^)\s]+\)`).ReplaceAllString(text, "]")
}

// Anchor is the name by which a link reaches the heading, as GitHub makes it.
func (s Section) Anchor() string {
	text := strings.ToLower(strings.ReplaceAll(s.Title, " ", "-"))
	return regexp.MustCompile(`[^\p{L}\p{N}_-]`).ReplaceAllString(text, "")
}

func groups(re *regexp.Regexp, text string) []string {
	var all []string
	for _, m := range re.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return all
}
