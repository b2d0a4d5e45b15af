package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/report"
)

const handwritten = "../../test/fixtures/handwritten"

// TestPublishedStylesAreLintedImportedAndTakenBack has thirty files as they are published and pasted (test/fixtures/
// handwritten). What lint and import say of each is a table, findings.txt; UPDATE=1 writes it anew. Each is imported,
// applied and reverted, with --retire where every line was taken, and then the host is as it was, byte for byte.
func TestPublishedStylesAreLintedImportedAndTakenBack(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIP: only root writes to an image")
	}
	files, err := filepath.Glob(handwritten + "/[0-9]*")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var table bytes.Buffer
	retired := 0
	for _, file := range files {
		name := filepath.Base(file)
		place := "/etc/sysctl.d/99-" + strings.TrimSuffix(strings.TrimLeft(name, "0123456789-"), filepath.Ext(name)) + ".conf"
		if strings.Contains(name, "tuned") {
			place = "/etc/tuned/ours/tuned.conf"
		}
		root := handwrittenImage(t, file, place)
		before, err := readTree(root)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&table, "== %s\n", name)
		describeFile(t, &table, root, place)

		rows := envelope(t, root, []int{0, 1, 4}, "import", place, "--name", "hand")
		if rows.Error == nil {
			whole := !slices.ContainsFunc(rows.Import, func(i report.Imported) bool {
				return i.Fate == report.Rejected || i.Fate == report.Stays
			}) && !strings.HasPrefix(place, "/etc/tuned/")
			args := []string{"apply", "--profile", "hand"}
			if whole {
				args = append(args, "--retire", place)
				retired++
			}
			if applied := envelope(t, root, []int{0, 4}, args...); applied.Error != nil {
				t.Errorf("%s: %s", name, applied.Error.Message)
			}
			if whole {
				if _, err := os.Lstat(filepath.Join(root, place)); err == nil {
					t.Errorf("%s is still in its place", name)
				}
			}
			envelope(t, root, []int{0}, "revert")
			if err := os.RemoveAll(filepath.Join(root, "etc/tcptune")); err != nil { // the operator's own now
				t.Fatal(err)
			}
		}
		after, err := readTree(root)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before.withoutTimes(), after.withoutTimes()); diff != "" {
			t.Errorf("%s: not as it was (-), but (+):\n%s", name, diff)
		}
		if at := strings.TrimPrefix(place, "/"); before[at] != after[at] {
			t.Errorf("%s: the file itself is %v, was %v", name, after[at], before[at])
		}
	}
	if retired < 5 {
		t.Errorf("%d files could be retired, want some", retired)
	}
	golden := handwritten + "/findings.txt"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, table.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), table.String()); diff != "" {
		t.Errorf("not the table of %s (-), but (+); UPDATE=1 writes it:\n%s", golden, diff)
	}
}

// handwrittenImage is a host without other settings, on which the file is in its place.
func handwrittenImage(t *testing.T, file, place string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "image")
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", "../../test/fixtures/ubuntu-26.04", root).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(root, place)
	for _, step := range []error{
		os.WriteFile(filepath.Join(root, "var/lib/dpkg/arch"), []byte("amd64\n"), 0o644),
		os.MkdirAll(filepath.Dir(at), 0o755),
		os.WriteFile(at, text, 0o640),
		os.Chown(at, 1, 1),
	} {
		if step != nil {
			t.Fatal(step)
		}
	}
	return root
}

// describeFile writes what lint and import say of the file.
func describeFile(t *testing.T, w *bytes.Buffer, root, place string) {
	t.Helper()
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range envelope(t, root, []int{0, 2}, "lint", place).Lint {
		fmt.Fprintf(tw, "  %d\t%s\t%s\t%q\n", f.Line, f.Severity, f.Kind, strings.TrimSuffix(f.Key+" = "+f.Value, " = "))
	}
	_ = tw.Flush()
	counts := map[report.Fate]int{}
	for _, i := range envelope(t, root, []int{1, 2}, "import", place, "--name", "hand", "--dry-run").Import {
		counts[i.Fate]++
	}
	var words []string
	for _, f := range []report.Fate{
		report.Taken, report.IsDefault, report.Corrected, report.Replaced, report.Dead, report.Rejected, report.Stays,
	} {
		if counts[f] > 0 {
			words = append(words, fmt.Sprintf("%d %s", counts[f], f))
		}
	}
	fmt.Fprintf(w, "  import: %s\n", strings.Join(words, ", "))
}

// envelope runs tcptune on an image, with one of the exit codes, and reads what it says.
func envelope(t *testing.T, root string, codes []int, args ...string) (r report.Report) {
	t.Helper()
	var out, errs bytes.Buffer
	args = append(args, "--root", root, "--json")
	code := run(t.Context(), append([]string{"tcptune"}, args...), strings.NewReader(""), &out, &errs)
	if err := json.Unmarshal(out.Bytes(), &r); err != nil || !slices.Contains(codes, code) {
		t.Fatalf("%q: exit %d, %v\n%s%s", args, code, err, out.Bytes(), errs.Bytes())
	}
	return r
}
