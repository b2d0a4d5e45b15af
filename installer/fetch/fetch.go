package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// source is a way to toolchains. Which of its errors another source could make good, [givesWay] tells.
type source interface {
	fetcher
	// list returns all versions, from the cache unless fresh is asked for.
	list(ctx context.Context, fresh bool) ([]Version, error)
	// has is nil when the release can be got for that architecture.
	has(ctx context.Context, v Version, arch string) error
	// bundle makes files in the folder out from which [Config.File] can do without the network, and returns their names.
	bundle(ctx context.Context, v Version, arch, out string, show func(Progress)) ([]string, error)
}

// fetcher makes dir, which the caller removes after an error.
type fetcher interface {
	fetch(ctx context.Context, v Version, arch, dir string, show func(Progress)) (Origin, error)
}

// way is a source, and where it is asked.
type way struct {
	name string
	base string // of the archives of [Download]
}

// ways are all that are tried, in their order.
func (c Config) ways() (list []way) {
	for _, name := range c.sources() {
		if name != Download {
			list = append(list, way{name: name})
			continue
		}
		for base := range strings.SplitSeq(cmp.Or(c.Base, defaultBase), ",") {
			list = append(list, way{name, strings.TrimRight(strings.TrimSpace(base), "/")})
		}
	}
	return list
}

func (c Config) open(w way) (source, error) {
	switch w.name {
	case Download:
		return c.download(w.base)
	case Module:
		return c.module()
	}
	return nil, Fail(BadSetting, "there are download and module", "cannot get a toolchain from a source called %q", w.name)
}

// Resolved is a release that was found.
type Resolved struct {
	Version Version
	Source  string  // the first one that has it
	Passed  []error // why the sources before it do not
	Doubts  []string
	tried   int // ways that do not have it
}

// Resolve finds the release that fulfils a wish: in the file, if one is configured, or in the first source that answers
// and has it. The errors are of type [*report.Error]; [NoVersion] and [NoBuild] name what there is instead.
func (c Config) Resolve(ctx context.Context, w Wish, arch string) (Resolved, error) {
	if c.File != "" {
		v, err := c.fileVersion(w, arch)
		return Resolved{Version: v, Source: "file"}, err
	}
	var r Resolved
	ways := c.ways()
	err := c.inTurn(ways, func(from way, s source) (err error) {
		r.Source = from.name
		r.Version, err = resolve(ctx, s, w, arch)
		return err
	}, &r.Passed)
	if r.tried = len(r.Passed); err == nil {
		r.Doubts = c.compare(ctx, w, r.Version, ways[r.tried], ways[r.tried+1:])
	}
	return r, err
}

// compareTime is what a look at another source may take, whose answer is a comfort.
const compareTime = 8 * time.Second

// compare says what a source behind from has that is newer than what from has: everything on an old mirror is well
// signed, and a proxy has what somebody has asked it for. Only Go's own list needs no comparison; what is before from
// was asked already.
func (c Config) compare(ctx context.Context, w Wish, found Version, from way, others []way) []string {
	if _, exact := w.Exact(); exact || from.base == defaultBase {
		return nil
	}
	c.Patience = min(cmp.Or(c.Patience, defaultPatience), compareTime)
	ctx, cancel := context.WithTimeout(ctx, compareTime)
	defer cancel()
	for _, other := range others {
		s, err := c.open(other)
		if err != nil {
			continue
		}
		known, err := s.list(ctx, false)
		if v, ok := w.Pick(known); err == nil && ok {
			if v.Compare(found) <= 0 {
				return nil
			}
			return []string{fmt.Sprintf("%s is behind: the newest that it has is Go %s, and %s has %s", from, found, other, v)}
		}
	}
	return nil
}

func (w way) String() string {
	if w.base != "" {
		return redacted(w.base)
	}
	return "the source " + w.name
}

func resolve(ctx context.Context, s source, w Wish, arch string) (Version, error) {
	if v, ok := w.Exact(); ok {
		return v, s.has(ctx, v, arch)
	}
	var known []Version
	for _, fresh := range []bool{false, true} {
		var err error
		if known, err = s.list(ctx, fresh); err != nil {
			return Version{}, err
		}
		if v, ok := w.Pick(known); ok {
			return v, s.has(ctx, v, arch)
		}
	}
	return Version{}, noVersion(w, known)
}

// List returns all releases that the first source which answers knows, newest first.
func (c Config) List(ctx context.Context) ([]Version, error) {
	var all []Version
	err := c.inTurn(c.ways(), func(_ way, s source) (err error) {
		all, err = s.list(ctx, false)
		return err
	}, nil)
	slices.SortFunc(all, func(a, b Version) int { return b.Compare(a) })
	return all, err
}

// Fetch gets a release into the folder dir, the GOROOT to be, from the first source that can be reached. The folder
// must not exist, and its parent must. A proof that fails ends the search. After an error nothing of dir is left; what
// a broken connection has brought waits in the cache for the next try.
//
// Progress, which may be nil, is called after each piece, from several goroutines. The files are not synced.
func (c Config) Fetch(ctx context.Context, r Resolved, arch, dir string, progress func(Progress)) (Origin, error) {
	if progress == nil {
		progress = func(Progress) {}
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return Origin{}, fmt.Errorf("cannot unpack into %s: it exists", dir)
	}
	var origin Origin
	fetch := func(s fetcher) (err error) {
		origin, err = s.fetch(ctx, r.Version, arch, dir, progress)
		if err == nil {
			err = checkTree(dir, r.Version)
		}
		if err != nil {
			err = outOfSpace(dir, err)
			if e := os.RemoveAll(dir); e != nil {
				err = fmt.Errorf("%w; and %w", err, e)
			}
		}
		return err
	}
	if c.File != "" {
		s, err := c.openFile()
		if err == nil {
			err = fetch(s)
		}
		return origin, err
	}
	var passed []error
	err := c.inTurn(c.ways()[r.tried:], func(_ way, s source) error { return fetch(s) }, &passed)
	origin.Passed = passed
	return origin, err
}

// inTurn tries the sources until one does not pass the question on. What those that do have said is kept in passed.
func (c Config) inTurn(ways []way, try func(from way, s source) error, passed *[]error) error {
	var failed []error
	for _, from := range ways {
		s, err := c.open(from)
		if err == nil {
			err = try(from, s)
		}
		if err == nil {
			if passed != nil {
				*passed = failed
			}
			return nil
		}
		failed = append(failed, err)
		if !givesWay(err) {
			break
		}
	}
	return together(failed)
}

// givesWay reports whether another source could make err good: what one asks for is not there. A proof that is there
// and fails is none of these.
func givesWay(err error) bool {
	missing := report.Is(err, Unreachable) || report.Is(err, NoVersion) || report.Is(err, NoBuild)
	return missing || errors.Is(err, errUnsigned)
}

// together returns one error for those of all sources. The one that says most decides its code.
func together(failed []error) error {
	if len(failed) < 2 {
		return errors.Join(failed...)
	}
	var best *report.Error
	var said []string
	for _, err := range failed {
		said = append(said, err.Error())
		var e *report.Error
		if errors.As(err, &e) && (best == nil || best.Code == Unreachable) {
			best = e
		}
	}
	if last := failed[len(failed)-1]; best == nil || !givesWay(last) {
		return last
	}
	return &report.Error{Code: best.Code, Exit: best.Exit, Message: strings.Join(said, "; "), Hint: best.Hint}
}

// checkTree is an error unless dir holds a toolchain of that version. A mirror could offer an older one, signed as
// well, under a newer name.
func checkTree(dir string, v Version) error {
	text, err := host.ReadNamed(filepath.Join(dir, "VERSION"), host.Bound{Bytes: 64 << 10, Of: "the record of a version"})
	if err != nil {
		return Fail(BadArchive, "", "cannot use the archive: it holds no toolchain, for there is no VERSION in it")
	}
	if first := strings.Fields(string(text)); len(first) == 0 || first[0] != v.Toolchain() {
		return unverified(fmt.Sprintf("it should hold %s, and its VERSION says %.40q", v.Toolchain(), text))
	}
	fi, err := os.Lstat(filepath.Join(dir, "bin/go"))
	if err != nil || !fi.Mode().IsRegular() || fi.Mode()&0o111 == 0 {
		return Fail(BadArchive, "", "cannot use the archive: it holds no toolchain, for there is no program bin/go in it")
	}
	return nil
}
