package plan

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// takenAway is what [TreeRecord] is called in a tree that is to go but cannot be moved: one in a lower layer of an
// overlay, of which rename(2) says EXDEV (Documentation/filesystems/overlayfs.rst, "Renaming directories"). A file of it
// can be renamed. So such a tree is as good as gone by one step, and comes back by one, until it is swept.
const takenAway = ".tcptune-taken-away"

// IsTreeTakenAway reports whether the folder at p is what is left of a tree that was taken away where it lies.
func IsTreeTakenAway(h host.Host, p string) bool {
	_, errRecord := h.Lstat(path.Join(p, TreeRecord))
	_, errMark := h.Lstat(path.Join(p, takenAway))
	return errors.Is(errRecord, fs.ErrNotExist) && errMark == nil
}

func (t treeEffect) takeAway(p string) error {
	if err := t.h.RemoveAll(discarded(p)); err != nil {
		return err
	}
	err := t.h.Rename(p, discarded(p))
	if !errors.Is(err, unix.EXDEV) {
		return err
	}
	record, mark := path.Join(p, TreeRecord), path.Join(p, takenAway)
	if _, err := t.h.Lstat(record); errors.Is(err, fs.ErrNotExist) {
		return t.h.WriteFile(mark, []byte(UnknownTree+"\n"), defaultMode)
	}
	return t.h.Rename(record, mark)
}

func (t treeEffect) giveBack(p, value string) error {
	mark := path.Join(p, takenAway)
	text, err := t.h.ReadFile(mark)
	if err != nil {
		return err
	}
	switch first, _, _ := strings.Cut(string(text), "\n"); {
	case first != value:
		return errors.New("what was taken away is something else: " + first)
	case first == UnknownTree:
		return t.h.Remove(mark)
	}
	return t.h.Rename(mark, path.Join(p, TreeRecord))
}

// SweepTree removes what is left at p of a tree that was taken away where it lies, its mark last.
func SweepTree(h host.Host, p string) error {
	if !IsTreeTakenAway(h, p) {
		return nil
	}
	names, err := h.ReadDir(p)
	for _, name := range names {
		if name != takenAway && err == nil {
			err = h.RemoveAll(path.Join(p, name))
		}
	}
	if err != nil {
		return err
	}
	return h.RemoveAll(p)
}
