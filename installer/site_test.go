package installer

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// image is a host that does not run, on which Go is changed.
type image struct {
	*testing.T
	h host.Host
}

// newImage lays files below a fresh root. A text that begins with "->" is a link.
func newImage(t *testing.T, files map[string]string) image {
	t.Helper()
	h, err := host.At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	i := image{t, h}
	i.lay(map[string]string{
		"/var/lib/dpkg/arch": "amd64\n", "/usr/local/bin/.keep": "", "/usr/local/lib/.keep": "", "/etc/profile.d/.keep": "",
	})
	i.lay(files)
	return i
}

func (i image) lay(files map[string]string) {
	i.Helper()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		p := filepath.Join(i.h.Root(), name)
		err := os.MkdirAll(filepath.Dir(p), 0o755)
		if to, link := strings.CutPrefix(files[name], "->"); link {
			err = errors.Join(err, os.Symlink(to, p))
		} else {
			err = errors.Join(err, os.WriteFile(p, []byte(files[name]), 0o755))
		}
		if err != nil {
			i.Fatal(err)
		}
	}
}

// files is what lay would make the image of, but for the journal.
func (i image) files() map[string]string {
	i.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(i.h.Root(), func(p string, d fs.DirEntry, err error) error {
		name := strings.TrimPrefix(p, i.h.Root())
		switch {
		case err != nil || d.IsDir() || name == plan.JournalPath:
		case d.Type() == fs.ModeSymlink:
			to, rerr := os.Readlink(p)
			found[name], err = "->"+to, rerr
		default:
			text, rerr := os.ReadFile(p)
			found[name], err = string(text), rerr
		}
		return err
	})
	if err != nil {
		i.Fatal(err)
	}
	return found
}

func version(t *testing.T, s string) fetch.Version {
	t.Helper()
	v, err := fetch.ParseVersion(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func wish(t *testing.T, s string) fetch.Wish {
	t.Helper()
	w, err := fetch.ParseWish(s)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// change carries out what do plans, and returns its changes by target.
func (i image) change(do func(Site) (plan.Plan, error)) (map[string]plan.Change, error) {
	i.Helper()
	s, err := plan.Open(i.Context(), i.h, 0, "")
	if err != nil {
		i.Fatal(err)
	}
	defer s.Close()
	at, err := Observe(i.h, s.Journal())
	if err != nil {
		i.Fatal(err)
	}
	p, err := do(at)
	if err != nil {
		return nil, err
	}
	for _, c := range p.Changes {
		if c.Kind == report.Tree && c.Writes() && c.After != nil {
			staged := plan.Staged(c.Target)
			v, ok := versionAt(Current, c.Target)
			if !ok {
				i.Fatalf("%s is the place of no version", c.Target)
			}
			i.lay(map[string]string{
				staged + "/bin/go": v.Toolchain() + " linux/amd64", staged + "/bin/gofmt": "elf", staged + "/src/fmt/print.go": "package fmt\n",
				staged + "/VERSION": v.Toolchain() + "\n",
			})
			if err := seal(i.h, staged, record{value: *c.After}); err != nil {
				i.Fatal(err)
			}
		}
	}
	changes, err := s.Apply(i.Context(), p)
	if err != nil {
		i.Fatal(err)
	}
	if err := Sweep(i.h); err != nil {
		i.Fatal(err)
	}
	byTarget := map[string]plan.Change{}
	for _, c := range changes {
		byTarget[c.Target] = c
	}
	return byTarget, nil
}

func (i image) install(name string) map[string]plan.Change {
	i.Helper()
	changes, err := i.change(func(s Site) (plan.Plan, error) { return s.Install(i.Context(), version(i.T, name)) })
	if err != nil {
		i.Fatal(err)
	}
	return changes
}

func rollback(s Site) (plan.Plan, error) {
	p, _, err := s.Rollback(context.Background())
	return p, err
}

func removeAll(s Site) (plan.Plan, error) {
	p, _, err := s.RemoveAll()
	return p, err
}

// active is what /usr/local/go leads to.
func (i image) active() string {
	i.Helper()
	at, err := Observe(i.h, plan.Journal{})
	if err != nil {
		i.Fatal(err)
	}
	return at.activeName()
}

func code(err error) string {
	var e *report.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestInstallLeadsEveryNameToTheNewVersion(t *testing.T) {
	t.Parallel()
	i := newImage(t, nil)
	before := i.files()
	i.install("1.26.3")
	for name, want := range map[string]string{
		"/usr/local/go": "->lib/tcptune/go/1.26.3", "/usr/local/bin/go": "->../go/bin/go", "/usr/local/bin/gofmt": "->../go/bin/gofmt",
		"/usr/local/bin/go1.26.3": "->../lib/tcptune/go/1.26.3/bin/go",
	} {
		if got := i.files()[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"/usr/local/bin/go", "/usr/local/bin/go1.26.3", "/usr/local/go/bin/go"} {
		if text, err := i.h.ReadFile(name); string(text) != "go1.26.3 linux/amd64" {
			t.Errorf("%s leads to %q, %v", name, text, err)
		}
	}
	profile := i.files()[Profile]
	if !strings.Contains(profile, "/usr/local/go/bin") || strings.Contains(profile, "GOROOT=") {
		t.Errorf("the profile is:\n%s", profile)
	}

	again := i.install("1.26.3")
	for target, c := range again {
		if c.Status != report.Unchanged {
			t.Errorf("again: %s is %s", target, c.Status)
		}
	}

	if _, err := i.change(removeAll); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, i.files()); diff != "" {
		t.Errorf("after remove --all, before (-), now (+):\n%s", diff)
	}
	if _, err := i.h.Lstat(plan.JournalPath); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the journal is still there: %v", err)
	}
}

func TestWhatSomebodyElseHasPutThereIsNotReplaced(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		files map[string]string
		path  string
	}{
		"a program":                   {map[string]string{"/usr/local/bin/go": "elf"}, "/usr/local/bin/go"},
		"a link of another tool":      {map[string]string{"/usr/local/bin/gofmt": "->/opt/go/bin/gofmt"}, "/usr/local/bin/gofmt"},
		"a link to another Go":        {map[string]string{"/usr/local/go": "->/opt/go"}, "/usr/local/go"},
		"a link that leads nowhere":   {map[string]string{"/usr/local/bin/go1.26.3": "->gone"}, "/usr/local/bin/go1.26.3"},
		"a file":                      {map[string]string{"/usr/local/go": "file"}, "/usr/local/go"},
		"a folder that is no Go":      {map[string]string{"/usr/local/go/src/mine.go": "package mine"}, "/usr/local/go"},
		"a folder kept before":        {map[string]string{"/usr/local/go/bin/go": "new", "/usr/local/go.before-tcptune/bin/go": "old"}, "/usr/local/go.before-tcptune"},
		"a tree without a record":     {map[string]string{"/usr/local/lib/tcptune/go/1.26.3/bin/go": "elf"}, "/usr/local/lib/tcptune/go/1.26.3"},
		"a tree for another machine":  {map[string]string{"/usr/local/lib/tcptune/go/1.26.3/.tcptune-tree": "go1.26.3 linux/arm64\n"}, "/usr/local/lib/tcptune/go/1.26.3"},
		"a tree that is another's":    {map[string]string{"/usr/local/lib/tcptune/go/1.26.3/.tcptune-tree": "go1.26.2 linux/amd64\n"}, "/usr/local/lib/tcptune/go/1.26.3"},
		"a folder instead of a link":  {map[string]string{"/usr/local/bin/go/x": ""}, "/usr/local/bin/go"},
		"a folder instead of profile": {map[string]string{Profile + "/x": ""}, Profile},
	} {
		t.Run(name, func(t *testing.T) {
			i := newImage(t, tc.files)
			before := i.files()
			at, err := Observe(i.h, plan.Journal{})
			if err == nil {
				_, err = at.Install(t.Context(), version(t, "1.26.3"))
			}
			var e *report.Error
			if !errors.As(err, &e) || e.Code != foreignFile {
				t.Fatalf("got %v, want an error with code %s", err, foreignFile)
			}
			if !strings.HasPrefix(e.Message, "cannot replace "+tc.path+": ") || !strings.Contains(e.Hint, "mv "+tc.path+" ") {
				t.Errorf("it says %q, hint %q", e.Message, e.Hint)
			}
			if diff := cmp.Diff(before, i.files()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestALinkOfTheOperatorThatLeadsToTheSameProgramStays(t *testing.T) {
	t.Parallel()
	i := newImage(t, map[string]string{"/usr/local/bin/go": "->/usr/local/go/bin/go"})
	if c := i.install("1.26.3")["/usr/local/bin/go"]; c.Status != report.Unchanged {
		t.Errorf("it is %s", c.Status)
	}
	if _, err := i.change(removeAll); err != nil {
		t.Fatal(err)
	}
	if got := i.files()["/usr/local/bin/go"]; got != "->/usr/local/go/bin/go" {
		t.Errorf("it is %q after remove --all", got)
	}
}

func TestAProfileThatWasEditedStays(t *testing.T) {
	t.Parallel()
	i := newImage(t, nil)
	i.install("1.26.3")
	i.lay(map[string]string{Profile: "# mine\n"})
	if c := i.install("1.26.4")[Profile]; c.Status != report.Kept {
		t.Errorf("it is %s", c.Status)
	}
	var left []string
	_, err := i.change(func(s Site) (p plan.Plan, err error) {
		p, left, err = s.RemoveAll()
		return p, err
	})
	if err != nil || len(left) != 1 || !strings.Contains(left[0], Profile) {
		t.Errorf("remove --all: %v, left %q", err, left)
	}
	if got := i.files()[Profile]; got != "# mine\n" {
		t.Errorf("it is %q", got)
	}
}

// A small image may lack /etc/profile.d and /usr/local/bin.
func TestFoldersThatAreMissingAreMadeAndRemoved(t *testing.T) {
	t.Parallel()
	i := newImage(t, nil)
	for _, dir := range []string{"/etc/profile.d", "/usr/local/bin"} {
		if err := i.h.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	i.install("1.26.3")
	if _, err := i.change(removeAll); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"/etc/profile.d", "/usr/local/bin", Versions, "/usr/local/lib/tcptune"} {
		if _, err := i.h.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", dir, err)
		}
	}
}

// The plan knows it before anything is fetched.
func TestALinkThatLeadsNowhereIsNoFolder(t *testing.T) {
	t.Parallel()
	for _, at := range []string{commands, path.Dir(Versions), path.Dir(Profile)} {
		i := newImage(t, nil)
		i.do(os.RemoveAll(i.h.Root() + at))
		i.do(os.MkdirAll(i.h.Root()+path.Dir(at), 0o755))
		i.do(os.Symlink("/no/such", i.h.Root()+at))
		_, err := i.site().Install(t.Context(), version(t, release))
		if code(err) != foreignFile || !strings.Contains(err.Error(), at+": it is a link that leads nowhere, to /no/such") {
			t.Errorf("%s: %v", at, err)
		}
	}
}
