package installer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// Sources is how the source of every change of this package begins: what it owns is no tuning.
const Sources = "go"

// sourceOf is who wants the changes for v alone.
func sourceOf(v fetch.Version) string { return Sources + " " + v.String() }

// Site is Go on a host, as [Observe] has found it.
type Site struct {
	h       host.Host
	arch    string
	journal plan.Journal

	elsewhere bool // [commands] is a link, or below one: "../go" is not beside it

	Installed []fetch.Version // by tcptune, newest first
	Active    fetch.Version   // the one of these that is active; zero when there is none
	history   []string        // what was active before, the latest last
	place     *string         // what is at Current, as a value of plan.Switch
}

// Observe looks at Go on h. It changes nothing.
func Observe(h host.Host, j plan.Journal) (s Site, err error) {
	s = Site{h: h, journal: j}
	if s.arch, err = fetch.Arch(h); err != nil {
		return s, err
	}
	names, err := h.ReadDir(Versions)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("cannot look for installed versions: %w", err)
	}
	for _, name := range names {
		if v, err := fetch.ParseVersion(name); err == nil && v.String() == name && !plan.IsTreeTakenAway(h, TreePath(v)) {
			s.Installed = append(s.Installed, v)
		}
	}
	slices.SortFunc(s.Installed, func(a, b fetch.Version) int { return b.Compare(a) })
	if real, err := h.Resolve(commands); err == nil {
		s.elsewhere = real != commands
	}
	if err := s.observePlace(); err != nil {
		return s, err
	}
	if text := j.Memory[Sources]; text != nil {
		if err := json.Unmarshal(text, &s.history); err != nil {
			return s, fmt.Errorf("cannot read what the journal knows of Go: %w", err)
		}
	}
	return s, nil
}

func (s *Site) observePlace() error {
	fi, err := s.h.Lstat(Current)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	value := plan.FolderInPlace
	switch mode := fi.Mode(); {
	case mode&fs.ModeSymlink != 0:
		if value, err = s.h.Readlink(Current); err != nil {
			return err
		}
		s.Active, _ = versionAt(Current, value)
	case !mode.IsDir():
		return inTheWay(Current, "it is neither a folder nor a link")
	}
	s.place = &value
	return nil
}

// has reports whether v is installed by tcptune.
func (s Site) has(v fetch.Version) bool { return slices.Contains(s.Installed, v) }

// Settled returns the version that fulfils w without a look at any release list, if there is one: a release that is
// named exactly, or for a series the active one.
func (s Site) Settled(w fetch.Wish) (fetch.Version, bool) {
	if v, exact := w.Exact(); exact {
		return v, s.has(v)
	}
	return s.Active, w != fetch.Wish{} && !s.Active.IsZero() && w.Allows(s.Active)
}

// Find returns the newest installed version that fulfils w.
func (s Site) Find(w fetch.Wish) (fetch.Version, error) {
	if v, ok := w.Pick(s.Installed); ok {
		return v, nil
	}
	hint := "run: sudo tcptune go install " + w.String()
	for _, v := range s.Installed { // a candidate is taken only when it is named
		if strings.HasPrefix(v.String(), w.String()) {
			hint += "; or name " + v.String() + ", which is installed"
		}
	}
	return fetch.Version{}, fetch.Fail(NotInstalled, hint, "cannot find Go %s: tcptune has not installed it", w)
}

// FindOne returns the one installed version that w means. Of several nobody can tell which is meant.
func (s Site) FindOne(w fetch.Wish) (fetch.Version, error) {
	var meant []fetch.Version
	for _, v := range s.Known() {
		if w.Allows(v) {
			meant = append(meant, v)
		}
	}
	switch len(meant) {
	case 0:
		_, err := s.Find(w)
		return fetch.Version{}, err
	case 1:
		return meant[0], nil
	}
	return fetch.Version{}, fetch.Fail(fetch.BadSetting,
		"name one of "+strings.Join(fetch.Names(meant), ", ")+"; or remove all that are not needed: tcptune go prune",
		"cannot tell which Go %s is meant: %d of them are installed", w, len(meant))
}

// treeValue is what [plan.TreeRecord] begins with: which release, and for which machines.
func (s Site) treeValue(v fetch.Version) string { return v.Toolchain() + " linux/" + s.arch }

// again ends the value of a tree that takes the place of a damaged one: a transaction tells by its value which is which.
const again = ", fetched again"

// isTreeValue reports whether value is one that a tree of v has.
func (s Site) isTreeValue(value string, v fetch.Version) bool {
	return strings.TrimSuffix(value, again) == s.treeValue(v)
}

// freshValue is the value of a new tree of v: not that of the one which is there.
func (s Site) freshValue(v fetch.Version) string {
	r, err := readRecord(s.h, TreePath(v))
	if err == nil && r.value == s.treeValue(v) {
		return r.value + again
	}
	return s.treeValue(v)
}

// keptFolder reports whether a toolchain of somebody else is kept.
func (s Site) keptFolder() bool {
	fi, err := s.h.Lstat(former)
	return err == nil && fi.IsDir()
}

// The codes of errors about what is installed.
const (
	foreignFile   = "foreign-file"     // somebody else's file or link stands where one of ours belongs
	NotInstalled  = "not-installed"    // no such version is installed
	activeVersion = "active-version"   // the version is active
	nothingActive = "nothing-active"   // no version of tcptune is active
	notWhole      = "not-whole"        // the version is damaged, or nobody can tell
	nothingBefore = "nothing-to-go-to" // nothing was active before, or it is gone
	trialFailed   = "trial-failed"     // the new toolchain does not work here
)

func inTheWay(p, what string) *report.Error {
	return fetch.Fail(foreignFile, fmt.Sprintf("move it away: sudo mv %s %s", p, path.Join("/root", path.Base(p)+".old")),
		"cannot replace %s: %s", p, what)
}
