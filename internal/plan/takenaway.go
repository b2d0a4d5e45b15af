package plan

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// A tree that is to go but cannot be moved, since it lies in a lower layer of an overlay, of which rename(2) says EXDEV
// (Documentation/filesystems/overlayfs.rst, "Renaming directories"), loses its record: a file can be renamed. So it is as good
// as gone by one step, and comes back by one, until it is swept.

// awaySuffix ends the name of the record of such a tree, beside the tree.
const awaySuffix = ".away.tcptune-old"

func away(p string) string { return beside(p, awaySuffix) }

// IsTreeTakenAway reports whether the folder at p is what is left of a tree that was taken away where it lies.
func IsTreeTakenAway(h host.Host, p string) bool {
	_, errRecord := h.Lstat(path.Join(p, TreeRecord))
	_, errAway := h.Lstat(away(p))
	return errors.Is(errRecord, fs.ErrNotExist) && errAway == nil
}

func (t treeEffect) takeAway(p string) error {
	if err := t.h.RemoveAll(discarded(p)); err != nil {
		return err
	}
	err := t.h.Rename(p, discarded(p))
	if !errors.Is(err, unix.EXDEV) {
		return err
	}
	record := path.Join(p, TreeRecord)
	if _, err := t.h.Lstat(record); errors.Is(err, fs.ErrNotExist) {
		return t.h.WriteFile(away(p), []byte(UnknownTree+"\n"), defaultMode)
	}
	return t.h.Rename(record, away(p))
}

func (t treeEffect) giveBack(p, value string) error {
	text, err := t.h.ReadFile(away(p))
	if err != nil {
		return err
	}
	switch first, _, _ := strings.Cut(string(text), "\n"); {
	case first != value:
		return errors.New("what was taken away is something else: " + first)
	case first == UnknownTree:
		return t.h.Remove(away(p))
	}
	return t.h.Rename(away(p), path.Join(p, TreeRecord))
}

// sweepAway removes what is left at p of a tree that was taken away where it lies.
func sweepAway(h host.Host, p string) error {
	if IsTreeTakenAway(h, p) {
		if err := h.RemoveAll(p); err != nil {
			return err
		}
	}
	return h.RemoveAll(away(p))
}

// SweepTree removes a folder called name in dir that an interrupted change of a tree may have left, see [IsTreeLeftover].
func SweepTree(h host.Host, dir, name string) error {
	if tree, ok := strings.CutSuffix(name, awaySuffix); ok {
		return sweepAway(h, path.Join(dir, strings.TrimPrefix(tree, ".")))
	}
	return h.RemoveAll(path.Join(dir, name))
}
