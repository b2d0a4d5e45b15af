package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	schematest "github.com/tcptune/tcptune/test/schema"
)

// TestMain makes this test binary several programs: the tests, tcptune itself, and two that run it under a condition.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"tcptune":     harmless,
		"as-nobody":   asNobody,
		"on-terminal": onTerminal,
	})
}

// TestScripts runs test/script/*.txtar. Besides the commands of testscript they have
//
//	image FIXTURE DIR         copy the root of an Ubuntu from test/fixtures to DIR
//	exits CODE PROGRAM ...    run it; it must end with exactly this exit status
//	looks PROGRAM ...         run it; 0, 2 and 4 are all fine: it depends on the machine
//	json [PATH VALUE] ...     stdout is one tcptune/v1 document, with VALUE at PATH ("error/code", "keys/KEY/wanted")
//	remember DIR [NAME]       note every file below DIR: content, link, permissions, time
//	same DIR [NAME]           content, links and permissions below DIR are as remembered
//	untouched DIR [NAME]      so are the times: nothing was written
//
// and the programs as-nobody and on-terminal, which run their arguments without root and on a terminal.
//
// No script can change the machine, also when what it tests is broken: without --root, tcptune runs as nobody.
func TestScripts(t *testing.T) {
	for _, dir := range []string{"/var/cache/tcptune", "/var/log/tcptune", filepath.Dir(plan.JournalPath)} { // with --root, a script has root
		if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
			t.Cleanup(func() {
				if _, err := os.Lstat(dir); err == nil {
					t.Errorf("a script has made %s on this machine", dir)
				}
			})
		}
	}
	testscript.Run(t, testscript.Params{
		Dir:                "../../test/script",
		RequireUniqueNames: true,
		UpdateScripts:      os.Getenv("UPDATE") != "",
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, "LC_ALL=C", "TERM=xterm", inScript+"=1")
			e.Values[treesKey{}] = map[string]tree{}
			// For nobody: what scripts bring along can be read, and a new folder be made.
			return errors.Join(os.Chmod(filepath.Dir(e.WorkDir), 0o755), os.Chmod(e.WorkDir, 0o777))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"image":     copyImage,
			"exits":     exits,
			"looks":     looks,
			"json":      inJSON,
			"remember":  remember,
			"same":      same,
			"untouched": untouched,
		},
	})
}

// copyImage copies a fixture. Their dpkg/status is shortened; the architecture stands in the file that dpkg has for it.
func copyImage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: image FIXTURE DIR")
	}
	fixture, err := filepath.Abs(filepath.Join("..", "..", "test", "fixtures", args[0]))
	ts.Check(err)
	root := ts.MkAbs(args[1])
	ts.Check(ts.Exec("cp", "-a", fixture, root))
	ts.Check(os.WriteFile(filepath.Join(root, "var/lib/dpkg/arch"), []byte("amd64\n"), 0o644))
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGUMENT ...")
	}
	if got := exitOf(ts, args[1:]); strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit status %d, want %s", got, args[0])
	}
}

func looks(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: looks PROGRAM ARGUMENT ...")
	}
	if got := exitOf(ts, args); !slices.Contains([]int{report.ExitDone, report.ExitDiffers, report.ExitPartial}, got) {
		ts.Fatalf("exit status %d, want 0, 2 or 4", got)
	}
}

func exitOf(ts *testscript.TestScript, argv []string) int {
	err := ts.Exec(argv[0], argv[1:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

func inJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args)%2 != 0 {
		ts.Fatalf("usage: json [PATH VALUE] ...")
	}
	text := []byte(ts.ReadFile("stdout"))
	if err := schematest.Check(text); err != nil {
		ts.Fatalf("not a tcptune/v1 document: %v", err)
	}
	var doc any
	ts.Check(json.Unmarshal(text, &doc))
	for pair := range slices.Chunk(args, 2) {
		got, err := at(doc, strings.Split(pair[0], "/"))
		ts.Check(err)
		if got != pair[1] {
			ts.Fatalf("%s is %s, want %s", pair[0], got, pair[1])
		}
	}
}

// at is the value below doc: the number of its elements for a list, else the text. An element of a list is found by its
// target, its name, or its index.
func at(doc any, path []string) (string, error) {
	if len(path) == 0 {
		return text(doc), nil
	}
	// A target may be a path itself.
	for n := len(path); n > 0; n-- {
		if next, ok := member(doc, strings.Join(path[:n], "/")); ok {
			return at(next, path[n:])
		}
	}
	return "", fmt.Errorf("nothing at %s", strings.Join(path, "/"))
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case []any:
		return strconv.Itoa(len(v))
	}
	return fmt.Sprint(v)
}

func member(doc any, name string) (any, bool) {
	switch doc := doc.(type) {
	case map[string]any:
		v, ok := doc[name]
		return v, ok
	case []any:
		for i, e := range doc {
			m, _ := e.(map[string]any)
			if m["target"] == name || m["name"] == name || strconv.Itoa(i) == name {
				return e, true
			}
		}
	}
	return nil, false
}

type treesKey struct{}

func trees(ts *testscript.TestScript) map[string]tree { return ts.Value(treesKey{}).(map[string]tree) }

func remember(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: remember DIR [NAME]")
	}
	now, err := readTree(ts.MkAbs(args[0]))
	ts.Check(err)
	trees(ts)[args[len(args)-1]] = now
}

func same(ts *testscript.TestScript, neg bool, args []string) {
	compare(ts, neg, args, tree.withoutTimes)
}

func untouched(ts *testscript.TestScript, neg bool, args []string) {
	compare(ts, neg, args, maps.Clone)
}

func compare(ts *testscript.TestScript, neg bool, args []string, view func(tree) tree) {
	if neg || len(args) < 1 || len(args) > 2 || trees(ts)[args[len(args)-1]] == nil {
		ts.Fatalf("usage: remember DIR [NAME], and later: same DIR [NAME] or untouched DIR [NAME]")
	}
	now, err := readTree(ts.MkAbs(args[0]))
	ts.Check(err)
	if diff := cmp.Diff(view(trees(ts)[args[len(args)-1]]), view(now)); diff != "" {
		ts.Fatalf("%s is not as remembered (-), it is (+):\n%s", args[0], diff)
	}
}

// tree is everything below a folder, by path.
type tree map[string]entry

type entry struct {
	Mode    os.FileMode
	Content string // of a file, or where a link leads
	Time    int64  // of the last change, in nanoseconds
}

func readTree(dir string) (tree, error) {
	t := tree{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		e := entry{Mode: info.Mode(), Time: info.ModTime().UnixNano()}
		switch {
		case e.Mode.IsRegular():
			data, rerr := os.ReadFile(p)
			e.Content, err = string(data), rerr
		case e.Mode&os.ModeSymlink != 0:
			e.Content, err = os.Readlink(p)
		}
		rel, _ := filepath.Rel(dir, p)
		t[rel] = e
		return err
	})
	return t, err
}

// withoutTimes is t without what tells when, and how often, something was written.
func (t tree) withoutTimes() tree {
	counted := regexp.MustCompile(`(?m)^  "(seq|sha256)": .*\n`)
	out := maps.Clone(t)
	for p, e := range out {
		e.Time = 0
		switch filepath.Base(p) {
		case "journal.json":
			e.Content = counted.ReplaceAllString(e.Content, "")
		case "journal.json.former":
			e.Content = ""
		}
		out[p] = e
	}
	return out
}
