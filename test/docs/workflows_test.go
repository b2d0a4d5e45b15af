package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// TestWorkflowsOnlyCallMake keeps what CI does repeatable on any machine: a step is a target of the Makefile, or an
// action that is named by its content.
func TestWorkflowsOnlyCallMake(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || len(files) < 2 {
		t.Fatalf("found %q, %v; want one for CI and one for a release", files, err)
	}
	for _, file := range files {
		var w struct {
			Jobs map[string]struct {
				Steps []struct{ Run, Uses string }
			}
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(text, &w); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for name, job := range w.Jobs {
			if len(job.Steps) == 0 {
				t.Errorf("%s: %s has no steps", file, name)
			}
			for _, step := range job.Steps {
				target, isMake := strings.CutPrefix(step.Run, "make ")
				switch {
				case step.Uses != "" && !regexp.MustCompile(`^actions/[a-z-]+@[0-9a-f]{40}$`).MatchString(step.Uses):
					t.Errorf("%s: %s: %s is no action by its commit", file, name, step.Uses)
				case step.Uses == "" && (!isMake || !strings.Contains(string(makefile), "\n"+target+":")):
					t.Errorf("%s: %s: %q is no target of the Makefile", file, name, step.Run)
				}
			}
		}
	}
}
