package installer

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/tcptune/tcptune/internal/host"
)

// damage is how a tree differs from the list of its files.
type damage struct {
	gone, other, more []string // paths below its root
}

// compare holds the tree at root against its list: names, kinds, modes, owners, sizes and times, the folder itself, and
// the content of each file whose time is another one. Full reads them all. It is an error when that cannot be seen.
func compare(h host.Host, root string, list []part, full bool) (d damage, err error) {
	var mu sync.Mutex
	err = eachOf(list, func(p part) error {
		if !full && p.path != self && p.untouched(h, root) {
			return nil
		}
		s, err := p.section()
		if err != nil {
			return err
		}
		part, err := compareFolder(h, root, s, full)
		mu.Lock()
		defer mu.Unlock()
		d.gone, d.other, d.more = append(d.gone, part.gone...), append(d.other, part.other...), append(d.more, part.more...)
		return err
	})
	for _, names := range [][]string{d.gone, d.other, d.more} {
		slices.SortFunc(names, byWeight)
	}
	return d, err
}

// untouched reports whether the folder of p has nothing but what is listed, as it is listed. If not, [compareFolder] says what
// it is, and whether it is damage.
func (p part) untouched(h host.Host, root string) bool {
	well := true
	ok, err := h.Holds(path.Join(root, p.path), p.count(), func(yield func(host.Entry) bool) {
		for f, ok := range p.things() {
			if well = ok; !ok || !yield(f.Entry) {
				return
			}
		}
	})
	return ok && err == nil && well
}

func compareFolder(h host.Host, root string, s section, full bool) (d damage, err error) {
	entries, err := entriesOf(h, root, s.path)
	if errors.Is(err, fs.ErrNotExist) || isNoFolder(err) { // which the folder above it tells, too
		entries, err = nil, nil
	}
	if err != nil {
		return d, err
	}
	for _, e := range entries {
		want, ok := s.find(e.Name)
		if s.path == self && (e.Name == self || ours(e.Name)) {
			if !e.Like(s.unlisted(e.Name)) {
				d.other = append(d.other, cmp.Or(map[string]string{self: "the folder itself"}[e.Name], e.Name))
			}
			continue
		}
		if ok && !full && e.Like(want.Entry) && (e.Mode.IsDir() || e.Size == want.Size && e.Time == want.Time) {
			continue
		}
		name := path.Join(s.path, e.Name)
		switch {
		case !ok:
			if !byproduct(name) {
				d.more = append(d.more, name)
			}
			continue
		case !e.Like(want.Entry) || !e.Mode.IsDir() && e.Size != want.Size:
			d.other = append(d.other, name)
			continue
		case e.Mode.IsDir():
			continue
		}
		sum, err := sumOf(h, path.Join(root, name), e.Mode)
		if err != nil {
			return d, err
		}
		if sum != want.sum {
			d.other = append(d.other, name)
		}
	}
	for _, f := range s.files {
		_, there := slices.BinarySearchFunc(entries, f.Name, func(e host.Entry, name string) int {
			return strings.Compare(e.Name, name)
		})
		if !there && !f.Mode.IsDir() {
			d.gone = append(d.gone, path.Join(s.path, f.Name))
		}
	}
	return d, nil
}

// byproduct reports whether the go command, or a debugger, may have put something into a tree at name in the course of
// its work: compiled packages of old releases, and what Python makes of the script for gdb. It decides no build.
func byproduct(name string) bool {
	if path.Base(name) == "__pycache__" || path.Ext(name) == ".pyc" {
		return true
	}
	rest, ok := strings.CutPrefix(name, "pkg/")
	first, _, _ := strings.Cut(rest, "/")
	return ok && first != "tool" && first != "include"
}

// byWeight puts the programs first.
func byWeight(a, b string) int {
	weight := func(name string) int {
		switch {
		case name == "bin/go":
			return 0
		case strings.HasPrefix(name, "bin/"):
			return 1
		case strings.HasPrefix(name, "pkg/tool/"):
			return 2
		}
		return 3
	}
	if wa, wb := weight(a), weight(b); wa != wb {
		return wa - wb
	}
	return strings.Compare(a, b)
}

// String says it in few words; "" for no damage.
func (d damage) String() string {
	var said []string
	for _, part := range []struct {
		names     []string
		one, many string
	}{
		{d.gone, "is gone", "are gone"},
		{d.other, "is not as it was", "are not as they were"},
		{d.more, "does not belong to it", "do not belong to it"},
	} {
		switch n := len(part.names); n {
		case 0:
		case 1:
			said = append(said, fmt.Sprintf("%s %s", shown(part.names[0]), part.one))
		default:
			said = append(said, fmt.Sprintf("%s and %d more %s", shown(part.names[0]), n-1, part.many))
		}
	}
	return strings.Join(said, "; ")
}

// shown is a name that anybody may have chosen.
func shown(name string) string {
	if plain(name) {
		return name
	}
	return fmt.Sprintf("%q", name)
}
