package installer

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// put makes b, with this program, a command of the host of s.
func put(t *testing.T, s *Site, b built, program string) []plan.Change {
	t.Helper()
	session, err := plan.Open(t.Context(), s.h, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if *s, err = Observe(s.h, session.Journal()); err != nil {
		t.Fatal(err)
	}
	if err := s.h.MkdirAll(toolsFolder); err != nil {
		t.Fatal(err)
	}
	have := s.holds(b)
	if !have {
		if err := b.stage(s.h, []byte(program)); err != nil {
			t.Fatal(err)
		}
	}
	p := plan.Plan{Command: "go install"}
	if err := s.planTool(&p, b, have); err != nil {
		t.Fatal(err)
	}
	changes, err := session.Apply(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

// content is what is at p on the host of s, "" for nothing.
func content(t *testing.T, s Site, p string) string {
	t.Helper()
	text, err := s.h.ReadAtMost(p, host.Bound{Bytes: 64 << 20, Of: "a program"})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

func TestAToolTakesThePlaceOfItsFormerBuild(t *testing.T) {
	t.Parallel()
	s := site(t, nil)
	gopls := Tool{"gopls", "golang.org/x/tools/gopls", "latest"}
	first := built{tool: gopls, version: "v0.20.0", sum: "h1:x", with: version(t, "1.26.3")}
	second := built{tool: gopls, version: "v0.21.0", sum: "h1:y", with: version(t, "1.26.3")}
	const command = "/usr/local/bin/gopls"
	big := strings.Repeat("first", 1<<18)

	put(t, &s, first, big)
	if got := content(t, s, command); got != big {
		t.Errorf("the command has %d bytes, want %d", len(got), len(big))
	}
	if n := len(content(t, s, plan.JournalPath)); n > 4096 {
		t.Errorf("the journal has %d bytes: it must not hold programs", n)
	}
	for _, c := range put(t, &s, first, big) {
		if c.Status != report.Unchanged {
			t.Errorf("again: %s is %s", c.Target, c.Status)
		}
	}
	put(t, &s, second, "second")
	if got := content(t, s, command); got != "second" {
		t.Errorf("the command is %.20q", got)
	}
	if diff := cmp.Diff([]string{second.tree()}, s.toolTrees()); diff != "" {
		t.Errorf("tools:\n%s", diff)
	}
	if names, err := s.h.ReadDir(toolsFolder); err != nil || len(names) != 1 {
		t.Errorf("left: %v, %v", names, err)
	}
}

func TestAToolDoesNotReplaceWhatSomebodyElseHasPutThere(t *testing.T) {
	t.Parallel()
	s := site(t, map[string]string{"/usr/local/bin/gopls": "mine"})
	b := built{tool: Tool{"gopls", "golang.org/x/tools/gopls", "latest"}, version: "v0.20.0", sum: "h1:x", with: version(t, "1.26.3")}
	if err := s.planTool(&plan.Plan{}, b, false); !report.Is(err, foreignFile) {
		t.Errorf("got %v, want %s", err, foreignFile)
	}
}

func TestRemoveAllRemovesTools(t *testing.T) {
	t.Parallel()
	s := site(t, nil)
	b := built{tool: Tool{"gopls", "golang.org/x/tools/gopls", "latest"}, version: "v0.20.0", sum: "h1:x", with: version(t, "1.26.3")}
	put(t, &s, b, "x")
	var got []string
	for _, c := range s.removeTools() {
		got = append(got, string(c.Kind)+" "+c.Target)
	}
	if diff := cmp.Diff([]string{"link /usr/local/bin/gopls", "tree " + b.tree()}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSweepRemovesABuildThatWasKilled(t *testing.T) {
	t.Parallel()
	s := site(t, nil)
	root, err := s.h.OSPath("/")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, buildFolder, "path/pkg"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Sweep(s.h); err != nil {
		t.Fatal(err)
	}
	if exists(s.h, toolsFolder) || !exists(s.h, Versions) {
		t.Error("the folder of tools, which is empty, must go, and that of versions must stay")
	}
}
