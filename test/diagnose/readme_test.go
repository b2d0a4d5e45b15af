package diagnosetest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The first page shows what tcptune prints where a window is small: the same words but for their figures, which differ from run
// to run.
func TestTheFirstPageShowsARealRun(t *testing.T) {
	needsRoot(t)
	program := filepath.Join(t.TempDir(), "tcptune")
	if out, err := exec.Command("go", "build", "-o", program, "../../cmd/tcptune").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// On a machine that is busy with other tests the program may read so late that no window is full.
	var printed string
	for range 4 {
		printed = aSmallWindow(t, program)
		if strings.Contains(printed, "receive-window") {
			break
		}
	}
	t.Logf("it prints\n%s", printed)
	figures := regexp.MustCompile(`[0-9]+(\.[0-9]+)?( (KiB|MiB|bytes))?`)
	same := func(text string) string { // as one line: where it is folded depends on the figures
		return figures.ReplaceAllString(strings.Join(strings.Fields(text), " "), "N")
	}
	for _, page := range []string{"../../README.md", "../../README.zh-CN.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		_, block, found := strings.Cut(string(text), "$ sudo tcptune diagnose --port 8080\n")
		block, _, _ = strings.Cut(block, "```")
		if !found {
			t.Errorf("%s shows no run", page)
		}
		if !strings.Contains(same(printed), same(block)) {
			t.Errorf("%s shows\n%s", page, block)
		}
	}
}

// aSmallWindow is what program prints where a window is small.
func aSmallWindow(t *testing.T, program string) string {
	t.Helper()
	tc := situations()["our window is small"]
	s := newStage(t, tc.shape)
	tc.make(s, false)
	s.settle()
	cmd := exec.Command(program, "diagnose", "--port", "8080", "--for", looksFor.String())
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := errors.Join(s.at.Do(cmd.Start), cmd.Wait()); err != nil {
		t.Fatalf("%v\n%s%s", err, out.String(), errs.String())
	}
	return out.String()
}
