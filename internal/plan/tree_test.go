package plan

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/host"
)

// lay makes files below the root of h. A name that ends with "/" is an empty folder, "->" leads a link.
func lay(t *testing.T, h host.Host, files map[string]string) {
	t.Helper()
	for name, text := range files {
		p := filepath.Join(h.Root(), name)
		err := os.MkdirAll(filepath.Dir(p), 0o755)
		to, link := strings.CutPrefix(text, "->")
		switch {
		case strings.HasSuffix(name, "/"):
			err = errors.Join(err, os.MkdirAll(p, 0o755))
		case link:
			err = errors.Join(err, os.Symlink(to, p))
		default:
			err = errors.Join(err, os.WriteFile(p, []byte(text), 0o644))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// lies is what lay would make h of.
func lies(t *testing.T, h host.Host) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(h.Root(), func(p string, d fs.DirEntry, err error) error {
		name := strings.TrimPrefix(p, h.Root())
		switch {
		case err != nil || name == "" || name == "/var" || name == "/var/lib": // the folders above the journal stay
		case d.Type() == fs.ModeSymlink:
			to, rerr := os.Readlink(p)
			found[name], err = "->"+to, rerr
		case d.IsDir():
			if names, rerr := os.ReadDir(p); rerr == nil && len(names) == 0 {
				found[name+"/"] = ""
			}
		case name != JournalPath && name != formerPath:
			text, rerr := os.ReadFile(p)
			found[name], err = string(text), rerr
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	delete(found, "/var/lib/tcptune/") // it holds the journal, which was skipped
	delete(found, "/"+imageLockName)   // there while the session is open
	return found
}

// makes applies changes to a host with some files and compares what comes of it. An empty failure is none.
func makes(t *testing.T, before map[string]string, changes []Change, after map[string]string, failure string) {
	t.Helper()
	s, _ := newSession(t, nil)
	lay(t, s.h, before)
	_, err := s.Apply(t.Context(), Plan{Changes: changes})
	if failure == "" && err != nil || failure != "" && (err == nil || !strings.Contains(err.Error(), failure)) {
		t.Errorf("error is %v, want %q", err, failure)
	}
	if diff := cmp.Diff(after, lies(t, s.h)); diff != "" {
		t.Errorf("files, want (-), got (+):\n%s", diff)
	}
}

func newTree(value string) Change {
	return Change{Change: report.Change{Kind: report.Tree, Target: "/t/a", After: &value, Status: report.Planned, Required: true}}
}

func noTree(value string) Change {
	return Change{Change: report.Change{Kind: report.Tree, Target: "/t/a", Before: &value, Status: report.Planned, Required: true}, Release: true}
}

// broken is a change that fails.
func broken() Change { return newFile("/no/such/folder/f", "text") }

func TestTree(t *testing.T) {
	t.Parallel()
	staged := map[string]string{"/t/.a.tcptune-new/" + TreeRecord: "one\nfrom here\n", "/t/.a.tcptune-new/f": "text"}
	placed := map[string]string{"/t/a/" + TreeRecord: "one\nfrom here\n", "/t/a/f": "text"}
	for name, tc := range map[string]struct {
		before  map[string]string
		changes []Change
		after   map[string]string
		err     string
	}{
		"appears":                          {staged, []Change{newTree("one")}, placed, ""},
		"disappears":                       {placed, []Change{noTree("one")}, map[string]string{"/t/": ""}, ""},
		"comes back when the plan fails":   {placed, []Change{noTree("one"), broken()}, placed, "rolled back"},
		"goes away again":                  {staged, []Change{newTree("one"), broken()}, map[string]string{"/t/": ""}, "rolled back"},
		"is not made of something else":    {staged, []Change{newTree("two")}, map[string]string{"/t/": ""}, "two is not there"},
		"does not replace what is there":   {placed, []Change{newTree("two")}, placed, "the host has moved on"},
		"does not replace a file":          {map[string]string{"/t/a": "file"}, []Change{newTree("one")}, map[string]string{"/t/a": "file"}, "not a folder"},
		"without a record is not removed":  {map[string]string{"/t/a/f": ""}, []Change{noTree("one")}, map[string]string{"/t/a/f": ""}, "the host has moved on"},
		"without a record may be, if told": {map[string]string{"/t/a/f": ""}, []Change{noTree(UnknownTree)}, map[string]string{"/t/": ""}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			makes(t, tc.before, tc.changes, tc.after, tc.err)
		})
	}
}

func TestKilledChangeOfATreeIsUndone(t *testing.T) {
	t.Parallel()
	placed := map[string]string{"/t/a/" + TreeRecord: "one\n"}
	empty := map[string]string{"/t/": ""}
	for name, tc := range map[string]struct {
		before       map[string]string
		change       Change
		torn, wanted map[string]string
	}{
		"before it appears": {empty, newTree("one"), map[string]string{"/t/.a.tcptune-new/" + TreeRecord: "one\n"}, empty},
		"when it is there":  {empty, newTree("one"), placed, empty},
		"when it is away":   {placed, noTree("one"), map[string]string{"/t/.a.tcptune-old/" + TreeRecord: "one\n"}, placed},
		"before it goes":    {placed, noTree("one"), placed, placed},
	} {
		t.Run(name, func(t *testing.T) {
			s, k := newSession(t, nil)
			lay(t, s.h, tc.before)
			killed(t, s, nil, tc.change)
			if err := os.RemoveAll(filepath.Join(s.h.Root(), "t")); err != nil {
				t.Fatal(err)
			}
			lay(t, s.h, tc.torn)
			s.Close()
			again, _ := reopen(t, s.h, k)
			if diff := cmp.Diff(tc.wanted, lies(t, again.h)); diff != "" {
				t.Errorf("files, want (-), got (+):\n%s\nnotes: %q", diff, again.Notes)
			}
		})
	}
}
