package installer

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

const release = "1.26.3"

// installed is an image with a toolchain, and its folder there.
func installed(t *testing.T) (i image, tree string) {
	t.Helper()
	i = newImage(t, nil)
	i.install(release)
	return i, filepath.Join(i.h.Root(), TreePath(version(t, release)))
}

func (i image) look(full bool) Condition {
	i.Helper()
	return i.site().Look(i.Context(), version(i.T, release), full)
}

// site is Go on the image as a command finds it.
func (i image) site() Site {
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
	return at
}

func (i image) do(err error) {
	i.Helper()
	if err != nil {
		i.Fatal(err)
	}
}

func TestADamagedToolchainIsNamedAndRepaired(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		damage func(image, string)
		why    string
	}{
		"without its program": {func(i image, at string) { i.do(os.Remove(at + "/bin/go")) }, "bin/go is gone"},
		"with the program of another": {
			func(i image, at string) { i.do(os.WriteFile(at+"/bin/go", []byte("go1.22.5 linux/amd64!"), 0o755)) },
			"bin/go is not as it was",
		},
		"with another unpacked over it": {func(i image, at string) {
			i.do(os.WriteFile(at+"/VERSION", []byte("go1.22\n"), 0o644))
			i.do(os.WriteFile(at+"/bin/go", []byte("go1.22 linux/amd64"), 0o755))
			i.do(os.WriteFile(at+"/src/fmt/old.go", nil, 0o644))
		}, "bin/go and 1 more are not as they were; src/fmt/old.go does not belong to it"},
		"whose program cannot be run":  {func(i image, at string) { i.do(os.Chmod(at+"/bin/go", 0o644)) }, "bin/go is not as it was"},
		"with a link for its program":  {func(i image, at string) { i.do(replaceByLink(at + "/bin/go")) }, "bin/go is not as it was"},
		"with a link for a folder":     {func(i image, at string) { i.do(replaceByLink(at + "/src")) }, "src is not as it was"},
		"without its sources":          {func(i image, at string) { i.do(os.RemoveAll(at + "/src")) }, "src/fmt/print.go is gone"},
		"without its record":           {func(i image, at string) { i.do(os.Remove(at + "/" + plan.TreeRecord)) }, "record of its installation"},
		"without the list":             {func(i image, at string) { i.do(os.Remove(at + "/" + filesName)) }, "the list of its files"},
		"with half a list":             {func(i image, at string) { i.do(os.Truncate(at+"/"+filesName, 100)) }, "the list of its files"},
		"with nothing left in it":      {func(i image, at string) { i.do(emptied(at)) }, "record of its installation"},
		"that is a folder of a volume": {func(i image, at string) { i.do(os.WriteFile(at+"/lost+found", nil, 0o600)) }, "lost+found does not belong to it"},
		"with a program that is set-user-ID": {
			func(i image, at string) { i.do(os.Chmod(at+"/bin/go", 0o755|os.ModeSetuid)) }, "bin/go is not as it was",
		},
		"whose folder all can write to": {
			func(i image, at string) { i.do(os.Chmod(at, 0o777)) }, "the folder itself is not as it was",
		},
		"whose record all can write to": {
			func(i image, at string) { i.do(os.Chmod(at+"/"+filesName, 0o666)) }, filesName + " is not as it was",
		},
		"that is gone": {
			func(i image, at string) { i.do(os.RemoveAll(at)) }, "its folder /usr/local/lib/tcptune/go/1.26.3 is gone",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, tree := installed(t)
			tc.damage(image{t, i.h}, tree)
			list := i.site().List(t.Context())
			if len(list) != 1 || list[0].State != StateDamaged || !strings.Contains(list[0].Why, tc.why) ||
				!strings.HasSuffix(list[0].Why, "; it is the active one") || list[0].Fix != "sudo tcptune go install "+release {
				t.Fatalf("go list says %+v, want damaged, %q", list, tc.why)
			}
			_, err := i.change(func(s Site) (plan.Plan, error) { return s.Use(t.Context(), version(t, release)) })
			if code(err) != notWhole {
				t.Errorf("go use: %v, want code %s", err, notWhole)
			}
			c := i.install(release)[TreePath(version(t, release))]
			if c.Status != report.Applied {
				t.Errorf("the tree is %s", c.Status)
			}
			if got := i.look(true); !got.Whole() {
				t.Errorf("after the repair it is %s: %s", got.State, got.Why)
			}
			if c := i.install(release)[TreePath(version(t, release))]; c.Status != report.Unchanged {
				t.Errorf("after that it is %s", c.Status)
			}
			if _, err := i.change(removeAll); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Lstat(filepath.Join(i.h.Root(), plan.JournalPath)); err == nil {
				t.Error("after remove --all there still is a journal")
			}
		})
	}
}

func replaceByLink(p string) error {
	if err := os.Rename(p, p+".moved"); err != nil {
		return err
	}
	return os.Symlink(filepath.Base(p)+".moved", p)
}

func emptied(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Mkdir(dir, 0o755)
}

// A tree that fails later on comes back as it was, damaged as it is.
func TestARepairThatFailsIsUndone(t *testing.T) {
	t.Parallel()
	i, tree := installed(t)
	i.do(os.Remove(tree + "/bin/go"))
	before := i.files()
	s, err := plan.Open(t.Context(), i.h, 0, "")
	i.do(err)
	at, err := Observe(i.h, s.Journal())
	i.do(err)
	p, err := at.Install(t.Context(), version(t, release))
	i.do(err)
	staged := plan.Staged(TreePath(version(t, release)))
	i.lay(map[string]string{staged + "/bin/go": "elf", staged + "/" + plan.TreeRecord: *p.Changes[0].After + "\n"})
	after := "text"
	p.Changes = append(p.Changes, change(report.File, "/no/such/folder/f", nil, &after, "", Sources))
	if _, err := s.Apply(t.Context(), p); err == nil {
		t.Fatal("it did not fail")
	}
	s.Close()
	i.do(Sweep(i.h))
	for name, want := range before {
		if got := i.files()[name]; got != want && strings.HasPrefix(name, "/usr/local/") {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if i.files()[TreePath(version(t, release))+"/bin/go"] != "" {
		t.Error("the new tree stayed")
	}
}

// Whatever is done to a file of a tree is seen, by its name, and what decides no build is not called damage.
func TestEachChangeOfATreeIsSeen(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(17, 17))
	ways := map[string]func(p string) error{
		"removed":  os.RemoveAll,
		"appended": func(p string) error { return appendTo(p, "x") },
		"emptied":  func(p string) error { return os.WriteFile(p, nil, 0o644) },
		"rewritten": func(p string) error {
			return rewritten(p, time.Unix(1, 0))
		},
		"closed": func(p string) error { return os.Chmod(p, 0o200) },
		"linked": replaceByLink,
		"a folder": func(p string) error {
			if err := os.Remove(p); err != nil {
				return err
			}
			return os.Mkdir(p, 0o755)
		},
	}
	for range 40 {
		i := newImage(t, nil)
		tree := filepath.Join(i.h.Root(), "tree")
		files := []string{}
		for n := range 2 + random.IntN(20) {
			name := fmt.Sprintf("%c/%c/file %d", 'a'+rune(random.IntN(3)), 'a'+rune(random.IntN(3)), n)
			i.lay(map[string]string{"/tree/" + name: strings.Repeat("y", 1+random.IntN(50))})
			files = append(files, name)
		}
		i.lay(map[string]string{"/tree/pkg/tool/link": "elf", "/tree/src/runtime/proc.go": "package runtime"})
		i.do(seal(i.h, "/tree", record{value: "tree"}))
		list, err := readFiles(i.h, "/tree")
		i.do(err)
		for _, harmless := range []string{"pkg/linux_amd64/fmt.a", "src/runtime/__pycache__/x.pyc"} {
			i.lay(map[string]string{"/tree/" + harmless: "made"})
		}
		for _, f := range files { // the time alone is no damage
			if random.IntN(2) == 0 {
				i.do(os.Chtimes(filepath.Join(tree, f), time.Time{}, time.Unix(random.Int64N(1<<31), 0)))
			}
		}
		if d, err := compare(i.h, "/tree", list, true); err != nil || d.String() != "" {
			t.Fatalf("untouched: %s, %v", d, err)
		}
		names := make([]string, 0, len(ways))
		for name := range ways {
			names = append(names, name)
		}
		slices.Sort(names)
		way, file := names[random.IntN(len(names))], files[random.IntN(len(files))]
		i.do(ways[way](filepath.Join(tree, file)))
		d, err := compare(i.h, "/tree", list, false)
		if err == nil && !strings.Contains(d.String(), file) {
			t.Errorf("%s %s: it says %q", file, way, d)
		}
	}
}

func appendTo(p, text string) error {
	f, err := os.OpenFile(p, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err := f.Close(); err != nil {
		return err
	}
	return err
}

// rewritten changes the content of a file and not its size.
func rewritten(p string, at time.Time) error {
	text, err := os.ReadFile(p)
	if err != nil {
		return err
	}
	if err := os.WriteFile(p, []byte(strings.ToUpper(string(text))), 0o644); err != nil {
		return err
	}
	return os.Chtimes(p, time.Time{}, at)
}

// What keeps its size and its time is seen by the look that reads all.
func TestOnlyAFullLookSeesWhatKeepsSizeAndTime(t *testing.T) {
	t.Parallel()
	i, tree := installed(t)
	file := tree + "/src/fmt/print.go"
	fi, err := os.Stat(file)
	i.do(err)
	i.do(rewritten(file, fi.ModTime()))
	i.do(os.Chmod(file, fi.Mode()))
	if c := i.look(false); !c.Whole() {
		t.Errorf("the fast look says %s: %s", c.State, c.Why)
	}
	if c := i.look(true); c.State != StateDamaged || c.Why != "src/fmt/print.go is not as it was" {
		t.Errorf("the full look says %q: %s", c.State, c.Why)
	}
}

func TestWhatCannotBeReadIsUnknown(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	i, tree := installed(t)
	i.do(os.Chmod(tree+"/"+plan.TreeRecord, 0))
	if c := i.look(false); c.State != StateUnknown {
		t.Errorf("it is %q: %s", c.State, c.Why)
	}
}

// Whoever owns a part of a tree can make anything of it.
func TestAnotherOwnerIsDamage(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give something to another user")
	}
	for _, name := range []string{".", "bin/go", "src", "src/fmt/print.go", plan.TreeRecord, filesName} {
		i, tree := installed(t)
		i.do(os.Chown(filepath.Join(tree, name), 1000, -1))
		said := strings.Replace(name+" is not as it was", ". is", "the folder itself is", 1)
		for _, full := range []bool{false, true} {
			if c := i.look(full); c.State != StateDamaged || !strings.HasPrefix(c.Why, said) {
				t.Errorf("%s of another owner, full %v: it is %q: %s", name, full, c.State, c.Why)
			}
		}
	}
}

// What a user has installed into an image is as it was when that user owns it, and when the image has made it root's.
func TestTheOwnerIsWhoInstalledItOrRoot(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give something to another user")
	}
	i := newImage(t, map[string]string{"/tree/bin/go": "elf"})
	for _, owner := range []int{1000, 0} {
		for _, name := range []string{"", "bin", "bin/go"} {
			i.do(os.Chown(filepath.Join(i.h.Root(), "tree", name), owner, owner))
		}
		if owner == 1000 {
			i.do(seal(i.h, "/tree", record{value: "tree"}))
		}
		list, err := readFiles(i.h, "/tree")
		i.do(err)
		if d, err := compare(i.h, "/tree", list, true); err != nil || d.String() != "" {
			t.Errorf("owned by %d: %s, %v", owner, d, err)
		}
	}
}

// The first lists had no owners and no line for the folder itself.
func TestAListOfTheFirstFormIsRead(t *testing.T) {
	t.Parallel()
	i, tree := installed(t)
	list, err := readFiles(i.h, TreePath(version(t, release)))
	i.do(err)
	sections := mustSections(t, list)
	sections[0].files = slices.DeleteFunc(sections[0].files, func(f listed) bool { return f.Name == self })
	first := regexp.MustCompile(`(?m)^([-dl])0(\d{3}):\d+:\d+ `).ReplaceAllString(string(renderFiles(sections)), "$1$2 ")
	i.do(os.WriteFile(filepath.Join(tree, filesName), []byte(first), 0o644))
	r, err := readRecord(i.h, TreePath(version(t, release)))
	i.do(err)
	r.files = fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(first)))
	i.do(os.WriteFile(filepath.Join(tree, plan.TreeRecord), r.text(), 0o644))
	if os.Geteuid() == 0 {
		if c := i.look(false); !c.Whole() {
			t.Errorf("it is %s: %s", c.State, c.Why)
		}
	}
	i.do(os.Chmod(tree, 0o777))
	if c := i.look(false); c.State != StateDamaged {
		t.Errorf("with a folder that all can write to it is %q", c.State)
	}
}

func mustSections(t *testing.T, list []part) (sections []section) {
	t.Helper()
	for _, p := range list {
		s, err := p.section()
		if err != nil {
			t.Fatal(err)
		}
		sections = append(sections, s)
	}
	return sections
}

func FuzzListOfFiles(f *testing.F) {
	f.Add("/.\nd0755:0:0 0 0  .\n-4755:0:1000 1 2 ab name\n")
	f.Add("/.\n-644 1 2 ab name\nd755 0 0  src\n/src\nl777 1 2 cd a link\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := sectionsOf(text)
		if err != nil {
			return
		}
		again, err := sectionsOf(string(renderFiles(list)))
		if diff := cmp.Diff(list, again, cmp.AllowUnexported(section{}, listed{})); err != nil || diff != "" {
			t.Errorf("%q becomes %q: %v\n%s", text, renderFiles(list), err, diff)
		}
	})
}

func sectionsOf(text string) (list []section, err error) {
	for _, p := range parts(text) {
		s, e := p.section()
		list, err = append(list, s), errors.Join(err, e)
	}
	return list, err
}
