package packaging

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/test/markdown"
)

// The pages in the package are those that lead to each other in the source. What they say of the source itself, its
// tests for instance, leads nowhere here.
func TestThePackageHasWhatItsReadmeLeadsTo(t *testing.T) {
	root := t.TempDir()
	must(t, "dpkg-deb", "--extract", debs(t, folder(t, "deb"), machineArch(t))[0], root)
	top := filepath.Join(root, "usr/share/doc/tcptune")
	seen := map[string]bool{}
	next := []string{filepath.Join(top, "README.md")}
	for len(next) > 0 {
		page := next[0]
		next = next[1:]
		if seen[page] {
			continue
		}
		seen[page] = true
		if _, err := os.Stat(page); err != nil {
			t.Errorf("it is not in the package: %v", err)
			continue
		}
		if filepath.Ext(page) == ".md" {
			next = append(next, linkedFrom(t, top, page)...)
		}
	}
	if len(seen) < 15 {
		t.Errorf("the README leads to %d files, which cannot be all", len(seen))
	}
	must(t, "sh", "-c", `zcat "$1" | grep -q "tcptune: check, plan, apply"`, "sh", filepath.Join(top, "changelog.gz"))
}

// linkedFrom are the files below top that a page leads to.
func linkedFrom(t *testing.T, top, page string) (files []string) {
	t.Helper()
	p, err := markdown.Read(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range p.Sections {
		for _, link := range s.Links() {
			u, err := url.Parse(link)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(filepath.Dir(page), u.Path)
			below, err := filepath.Rel(top, file)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(below, "/")
			if u.Scheme == "" && u.Path != "" && first != "test" && first != "server" && first != "LICENSE" {
				files = append(files, file)
			}
		}
	}
	return files
}
