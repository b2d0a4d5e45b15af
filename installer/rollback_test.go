package installer

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

func TestEachRollbackGoesAStepFurtherBack(t *testing.T) {
	t.Parallel()
	byHand := map[string]string{"/usr/local/go/bin/go": "theirs", "/usr/local/go/VERSION": "go1.20.1\n"}
	for name, tc := range map[string]struct {
		files map[string]string
		steps []string // a version is installed, or used when it is there; "-" is a rollback
		want  string
	}{
		"to the version before":        {nil, []string{"1.25.1", "1.26.3", "-"}, "1.25.1"},
		"to the one before that":       {nil, []string{"1.24.1", "1.25.1", "1.26.3", "-", "-"}, "1.24.1"},
		"to the folder":                {byHand, []string{"1.26.3", "-"}, plan.FolderInPlace},
		"past a version to the folder": {byHand, []string{"1.25.1", "1.26.3", "-", "-"}, plan.FolderInPlace},
		"not to the same one twice":    {nil, []string{"1.25.1", "1.26.3", "1.25.1", "1.26.3", "-"}, "1.25.1"},
		"and forward again by use":     {byHand, []string{"1.26.3", "-", "1.26.3"}, "1.26.3"},
		"after going forward, again":   {byHand, []string{"1.26.3", "-", "1.26.3", "-"}, plan.FolderInPlace},
	} {
		t.Run(name, func(t *testing.T) {
			i := newImage(t, tc.files)
			for _, step := range tc.steps {
				if step != "-" {
					i.install(step)
				} else if _, err := i.change(rollback); err != nil {
					t.Fatal(err)
				}
			}
			if got := i.active(); got != tc.want {
				t.Errorf("active is %q, want %q", got, tc.want)
			}
		})
	}
}

func TestThereMayBeNothingToGoBackTo(t *testing.T) {
	t.Parallel()
	for name, arrive := range map[string]func(i image){
		"nothing is installed": func(image) {},
		"only one ever was":    func(i image) { i.install("1.26.3") },
		"the other was removed": func(i image) {
			i.install("1.25.1")
			i.install("1.26.3")
			if _, err := i.change(func(s Site) (plan.Plan, error) { return s.Remove(version(t, "1.25.1")) }); err != nil {
				t.Fatal(err)
			}
		},
		"the kept folder is gone": func(i image) {
			i.lay(map[string]string{"/usr/local/go/bin/go": "theirs"})
			i.install("1.26.3")
			if err := os.RemoveAll(filepath.Join(i.h.Root(), former)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := newImage(t, nil)
			arrive(i)
			before := i.files()
			if _, err := i.change(rollback); code(err) != nothingBefore {
				t.Errorf("got %v, want code %s", err, nothingBefore)
			}
			if diff := cmp.Diff(before, i.files()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheFolderComesBackAsItWas(t *testing.T) {
	t.Parallel()
	i := newImage(t, map[string]string{"/usr/local/go/bin/go": "theirs", "/usr/local/go/VERSION": "go1.20.1\n", "/usr/local/go/lib/l": "->../bin/go"})
	before := i.files()
	i.install("1.25.1")
	i.install("1.26.3")
	if got := i.files()[former+"/bin/go"]; got != "theirs" {
		t.Fatalf("the folder is not kept: %q", got)
	}
	if _, err := i.change(removeAll); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, i.files()); diff != "" {
		t.Errorf("before (-), now (+):\n%s", diff)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	i := newImage(t, nil)
	i.install("1.25.1")
	i.install("1.26.3")
	remove := func(name string) error {
		_, err := i.change(func(s Site) (plan.Plan, error) {
			v, err := s.Find(wish(t, name))
			if err != nil {
				return plan.Plan{}, err
			}
			return s.Remove(v)
		})
		return err
	}
	for name, want := range map[string]string{"1.26": activeVersion, "1.26.3": activeVersion, "1.24.1": NotInstalled, "1.24": NotInstalled} {
		if err := remove(name); code(err) != want {
			t.Errorf("remove %s: %v, want code %s", name, err, want)
		}
	}
	if err := remove("1.25"); err != nil {
		t.Fatal(err)
	}
	for name := range i.files() {
		if filepath.Base(name) == "go1.25.1" || filepath.Dir(name) == TreePath(version(t, "1.25.1")) {
			t.Errorf("%s is still there", name)
		}
	}
	if got := i.active(); got != "1.26.3" {
		t.Errorf("active is %q", got)
	}
}

// Whoever loses the journal must be able to get rid of Go all the same.
func TestRemoveAllWithoutAJournal(t *testing.T) {
	t.Parallel()
	i := newImage(t, nil)
	before := i.files()
	i.install("1.26.3")
	if err := i.h.Remove(plan.JournalPath); err != nil {
		t.Fatal(err)
	}
	if _, err := i.change(removeAll); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, i.files()); diff != "" {
		t.Errorf("before (-), now (+):\n%s", diff)
	}
}

func TestSettled(t *testing.T) {
	t.Parallel()
	i := newImage(t, nil)
	i.install("1.26.3")
	i.install("1.25.1")
	i.install("1.26.1")
	at, err := Observe(i.h, plan.Journal{})
	if err != nil {
		t.Fatal(err)
	}
	for w, want := range map[string]string{"1.26": "1.26.1", "1.26.3": "1.26.3", "1.25.1": "1.25.1", "1.25": "", "1.24.1": "", "latest": ""} {
		v, ok := at.Settled(wish(t, w))
		if ok != (want != "") || ok && v.String() != want {
			t.Errorf("%s: %v, %v, want %q", w, v, ok, want)
		}
	}
}

func TestSweepRemovesOnlyWhatAnInterruptedRunHasLeft(t *testing.T) {
	t.Parallel()
	i := newImage(t, map[string]string{
		Versions + "/.1.26.3.tcptune-new/bin/go": "half", Versions + "/.1.25.1.tcptune-old/bin/go": "half", trial + "/main.go": "",
		Versions + "/1.24.1/bin/go": "whole", Versions + "/.mine/f": "mine",
	})
	if err := Sweep(i.h); err != nil {
		t.Fatal(err)
	}
	names, err := i.h.ReadDir(Versions)
	if want := []string{".mine", "1.24.1"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("left are %q, %v, want %q", names, err, want)
	}
}

// An operator keeps our folder on another disk by a link: what is removed there is what we made, never the link.
func TestSweepLeavesTheLinkThatLeadsElsewhere(t *testing.T) {
	t.Parallel()
	for _, at := range []string{path.Dir(Versions), Versions, toolsFolder} {
		i := newImage(t, map[string]string{"/data/kept": ""})
		elsewhere, link := i.h.Root()+"/data/go", i.h.Root()+at
		i.do(os.MkdirAll(elsewhere+"/.1.26.3.tcptune-new", 0o755))
		i.do(os.MkdirAll(filepath.Dir(link), 0o755))
		i.do(os.Symlink("/data/go", link))
		i.do(Sweep(i.h))
		i.do(os.RemoveAll(elsewhere + "/.1.26.3.tcptune-new"))
		i.do(Sweep(i.h))
		if _, err := os.Lstat(link); err != nil {
			t.Errorf("the link at %s: %v", at, err)
		}
		if _, err := os.Lstat(elsewhere); err != nil {
			t.Errorf("what the link at %s leads to: %v", at, err)
		}
	}
}

func TestListNamesEveryGoAndWhoPutItThere(t *testing.T) {
	t.Parallel()
	i := newImage(t, map[string]string{
		"/usr/lib/go-1.22/VERSION": "go1.22.2\ntime 2024-04-03T15:12:51Z\n", "/usr/lib/go-1.18/bin/go": "left behind",
		"/snap/go/current/bin/go": "", "/snap/go/current/VERSION": "go1.25.4\n",
		"/usr/local/go/bin/go": "theirs", "/usr/local/go/VERSION": "go1.20.1\n",
		"/var/lib/dpkg/status": "Package: golang-1.22-go\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.22.2-2ubuntu0.4\n\n",
	})
	i.install("1.26.3")
	at, err := Observe(i.h, plan.Journal{})
	if err != nil {
		t.Fatal(err)
	}
	want := []report.GoVersion{
		{Target: "1.26.3", State: "active", By: "tcptune", Path: "/usr/local/lib/tcptune/go/1.26.3"},
		{Target: "1.20.1", State: "kept", By: "hand", Path: "/usr/local/go.before-tcptune"},
		{Target: "1.22.2", State: "installed", By: "apt", Path: "/usr/lib/go-1.22"},
		{Target: "1.25.4", State: "installed", By: "snap", Path: "/snap/go/current"},
	}
	if diff := cmp.Diff(want, at.List(t.Context())); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}
