package manual

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPagesAreWhatTheirSourcesMake(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "run", "./hack/manual", dir)
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if diff := cmp.Diff(pages(t, dir), pages(t, pagesDir)); diff != "" {
		t.Errorf("docs/man is stale: run make generate. -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(pages(t, filepath.Join(dir, "links")), pages(t, filepath.Join(pagesDir, "links"))); diff != "" {
		t.Errorf("docs/man/links is stale: run make generate. -want +got:\n%s", diff)
	}
}

// "man tcptune-go-install" shows what it asks for, as make install and the package lay the pages out.
func TestEachCommandHasAPageOfItsName(t *testing.T) {
	if _, err := exec.LookPath("man"); err != nil {
		t.Skip("man is not installed, see test/apt-packages.txt")
	}
	top := t.TempDir()
	install := exec.CommandContext(t.Context(), "sh", "-c", `mkdir "$1/man8" && cp *.8 links/*.8 "$1/man8"`, "sh", top)
	install.Dir = pagesDir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name := range commands(t) {
		cmd := exec.CommandContext(t.Context(), "man", "-M", top, "tcptune-"+strings.ReplaceAll(name, " ", "-"))
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "MANROFFSEQ=", "MANPAGER=cat", "MANWIDTH=200")
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "tcptune "+name) {
			t.Errorf("%q: %v, and tcptune %s does not occur:\n%.300s", cmd.Args, err, name, out)
		}
	}
}

func TestPagesRenderWithoutWarnings(t *testing.T) {
	for name := range pages(t, pagesDir) {
		file := filepath.Join(pagesDir, name)
		for program, args := range map[string][]string{
			"man":    {"--warnings", "-l", file}, // groff
			"mandoc": {"-Tlint", "-Wwarning", file},
		} {
			if _, err := exec.LookPath(program); err != nil {
				t.Skipf("%s is not installed, see test/apt-packages.txt", program)
			}
			cmd := exec.CommandContext(t.Context(), program, args...)
			cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "MANROFFSEQ=", "MANPAGER=cat", "MANWIDTH=80")
			var out, errs strings.Builder
			cmd.Stdout, cmd.Stderr = &out, &errs
			err := cmd.Run()
			if program == "man" {
				if !strings.Contains(out.String(), "SEE ALSO") {
					t.Errorf("%s: man shows no page:\n%s", name, out.String())
				}
				out.Reset()
			}
			if err != nil || out.Len()+errs.Len() > 0 {
				t.Errorf("%s of %s: %v\n%s%s", program, name, err, out.String(), errs.String())
			}
		}
	}
}

// A reader follows these.
func TestPagesReferToPagesThatExist(t *testing.T) {
	all := pages(t, pagesDir)
	for name, roff := range all {
		for _, m := range regexp.MustCompile(`\b(tcptune[a-z.-]*)\((\d)\)`).FindAllStringSubmatch(plain(roff), -1) {
			if _, there := all[m[1]+"."+m[2]]; !there {
				t.Errorf("%s refers to %s, which does not exist", name, m[0])
			}
		}
	}
}

// The order of man-pages(7): sections that it knows stand in its order, others wherever they are read best.
func TestSectionsStandInTheirUsualOrder(t *testing.T) {
	usual := []string{
		"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES", "NOTES",
		"EXAMPLES", "SEE ALSO",
	}
	for name, roff := range pages(t, pagesDir) {
		last := -1
		for _, m := range regexp.MustCompile(`(?m)^\.SH (.*)$`).FindAllStringSubmatch(plain(roff), -1) {
			at := slices.Index(usual, strings.Trim(m[1], `"`))
			if at >= 0 && at < last {
				t.Errorf("%s: %s stands behind %s", name, m[1], usual[last])
			}
			last = max(at, last)
		}
		if last != len(usual)-1 {
			t.Errorf("%s does not end with SEE ALSO", name)
		}
	}
}

// man-pages(7): by section, then by name.
func TestSeeAlsoIsSorted(t *testing.T) {
	for name, roff := range pages(t, pagesDir) {
		_, also, _ := strings.Cut(plain(roff), ".SH SEE ALSO")
		var list []string
		for _, m := range regexp.MustCompile(`([a-zA-Z0-9_.-]+)\((\d)\)`).FindAllStringSubmatch(also, -1) {
			list = append(list, m[2]+" "+m[1])
		}
		if len(list) < 2 || !slices.IsSorted(list) {
			t.Errorf("%s: SEE ALSO has %q", name, list)
		}
	}
}
