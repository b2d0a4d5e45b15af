package plan

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/google/go-cmp/cmp"
)

func switched(before, after *string) Change {
	return Change{Change: report.Change{Kind: report.Switch, Target: "/go", Before: before, After: after, Status: report.Planned, Required: true}}
}

func TestSwitch(t *testing.T) {
	t.Parallel()
	link := map[string]string{"/go": "->one"}
	folder := map[string]string{"/go/bin": "theirs"}
	kept := map[string]string{"/go": "->one", "/go.before-tcptune/bin": "theirs"}
	for name, tc := range map[string]struct {
		before  map[string]string
		changes []Change
		after   map[string]string
		err     string
	}{
		"appears":                              {map[string]string{}, []Change{switched(nil, ptr("one"))}, link, ""},
		"leads elsewhere":                      {link, []Change{switched(ptr("one"), ptr("two"))}, map[string]string{"/go": "->two"}, ""},
		"goes away":                            {link, []Change{switched(ptr("one"), nil)}, map[string]string{}, ""},
		"takes the place of a folder":          {folder, []Change{switched(ptr(FolderInPlace), ptr("one"))}, kept, ""},
		"gives it back":                        {kept, []Change{switched(ptr("one"), ptr(FolderInPlace))}, folder, ""},
		"gives it back to an empty place":      {map[string]string{"/go.before-tcptune/bin": "theirs"}, []Change{switched(nil, ptr(FolderInPlace))}, folder, ""},
		"gives it back when the plan fails":    {folder, []Change{switched(ptr(FolderInPlace), ptr("one")), broken()}, folder, "rolled back"},
		"takes it again when the plan fails":   {kept, []Change{switched(ptr("one"), ptr(FolderInPlace)), broken()}, kept, "rolled back"},
		"does not remove a folder":             {folder, []Change{switched(ptr(FolderInPlace), nil)}, folder, "a folder is not removed"},
		"does not lose a folder kept before":   {map[string]string{"/go/bin": "new", "/go.before-tcptune/bin": "old"}, []Change{switched(ptr(FolderInPlace), ptr("one"))}, map[string]string{"/go/bin": "new", "/go.before-tcptune/bin": "old"}, "file already exists"},
		"has nothing to give back":             {link, []Change{switched(ptr("one"), ptr(FolderInPlace))}, link, "no such file or directory"},
		"does not replace a link that moved":   {map[string]string{"/go": "->three"}, []Change{switched(ptr("one"), ptr("two"))}, map[string]string{"/go": "->three"}, "the host has moved on"},
		"does not replace what is no folder":   {map[string]string{"/go": "file"}, []Change{switched(nil, ptr("one"))}, map[string]string{"/go": "file"}, "neither a symbolic link nor a folder"},
		"comes back when the plan fails":       {link, []Change{switched(ptr("one"), ptr("two")), broken()}, link, "rolled back"},
		"is removed again when the plan fails": {map[string]string{}, []Change{switched(nil, ptr("one")), broken()}, map[string]string{}, "rolled back"},
	} {
		t.Run(name, func(t *testing.T) {
			makes(t, tc.before, tc.changes, tc.after, tc.err)
		})
	}
}

// Each state that the steps of a switch can leave is undone, and the links beside it are gone.
func TestKilledSwitchIsUndone(t *testing.T) {
	t.Parallel()
	folder := map[string]string{"/go/bin": "theirs"}
	kept := map[string]string{"/go": "->one", "/go.before-tcptune/bin": "theirs"}
	take, give := switched(ptr(FolderInPlace), ptr("one")), switched(ptr("one"), ptr(FolderInPlace))
	for name, tc := range map[string]struct {
		before       map[string]string
		change       Change
		torn, wanted map[string]string
	}{
		"link being made":           {folder, take, map[string]string{"/go/bin": "theirs", "/.go.before-tcptune.tcptune-new": "->one"}, folder},
		"link beside the folder":    {folder, take, map[string]string{"/go/bin": "theirs", "/go.before-tcptune": "->one"}, folder},
		"exchanged":                 {folder, take, kept, folder},
		"not yet given back":        {kept, give, kept, kept},
		"given back, link is aside": {kept, give, map[string]string{"/go/bin": "theirs", "/go.before-tcptune": "->one"}, kept},
		"given back":                {kept, give, folder, kept},
	} {
		t.Run(name, func(t *testing.T) {
			s, k := newSession(t, nil)
			lay(t, s.h, tc.before)
			killed(t, s, nil, tc.change)
			for _, p := range []string{"go", "go.before-tcptune"} {
				if err := os.RemoveAll(filepath.Join(s.h.Root(), p)); err != nil {
					t.Fatal(err)
				}
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
