package manual

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
