package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/test/markdown"
)

var toFile = regexp.MustCompile(`^\[[^\]]+\]\(\.\./(deploy/[^)]+)\):$`)

// shownFile is the file of deploy that a block shows, "" of other blocks: the line before it is a link to the file.
func shownFile(t testing.TB, p markdown.Page, b markdown.Block) string {
	t.Helper()
	text, err := os.ReadFile(p.Path)
	if err != nil {
		t.Fatal(err)
	}
	before := strings.Split(string(text), "\n")[:b.Line-2]
	if link := toFile.FindStringSubmatch(strings.TrimSpace(strings.Join(before[max(0, len(before)-2):], "\n"))); link != nil {
		return link[1]
	}
	return ""
}

// sameAs checks that a block is the file.
func (s *sandbox) sameAs(file string, b markdown.Block) {
	s.Helper()
	text, err := os.ReadFile(filepath.Join("../..", file))
	if err != nil {
		s.Fatal(err)
	}
	if string(text) != b.Text {
		s.Errorf("the page shows another %s", file)
	}
}

// What is in deploy for one to take and change is shown, all of it. The rest has pages of its own.
func TestEveryExampleOfDeployIsShown(t *testing.T) {
	page, err := markdown.Read("../../docs/provisioning.md")
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	for _, b := range page.Blocks() {
		if file := shownFile(t, page, b); file != "" {
			shown = append(shown, file)
		}
	}
	programs := []string{"ansible", "haproxy", "prometheus", "alertmanager", "grafana", "pdns", "powerdns", "gslb", "keepalived"}
	err = filepath.WalkDir("../../deploy", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains(programs, d.Name()):
			return filepath.SkipDir
		case !d.IsDir() && !slices.Contains(shown, strings.TrimPrefix(path, "../../")):
			t.Errorf("docs/provisioning.md does not show %s", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
