package plan

import (
	"errors"
	"io/fs"
	"path"
)

// A folder in a lower layer of an overlay cannot be renamed: rename(2) says EXDEV, see "Renaming directories" in
// Documentation/filesystems/overlayfs.rst. Then a copy of it is moved. A copy that is complete has a name of its own, and
// what that name and its neighbours lead to tells how far things had come when they were cut short.

// The names of the copy of a folder, which is incomplete, and complete.
func copying(p string) string { return beside(KeptFolder(p), ".copying.tcptune-new") }
func copied(p string) string  { return beside(KeptFolder(p), ".copied.tcptune-new") }

func (s switchEffect) makeCopy(from, p string) error {
	if err := s.h.CopyTree(from, copying(p)); err != nil {
		return err
	}
	return s.h.Rename(copying(p), copied(p))
}

// keepCopy is keep by a copy. While the folder is removed its name leads to less and less of it.
func (s switchEffect) keepCopy(p, text string) error {
	if err := s.makeCopy(p, p); err != nil {
		return err
	}
	if err := s.h.RemoveAll(p); err != nil {
		return err
	}
	if err := s.h.WriteLink(p, text); err != nil {
		return err
	}
	return s.h.Rename(copied(p), KeptFolder(p))
}

// bringCopy is bringBack by a copy, which changes places with the link in one step.
func (s switchEffect) bringCopy(p string, now *string) error {
	if now == nil {
		if err := s.h.WriteLink(p, path.Base(KeptFolder(p))); err != nil {
			return err
		}
	}
	if err := s.makeCopy(KeptFolder(p), p); err != nil {
		return err
	}
	if err := s.h.Exchange(p, copied(p)); err != nil {
		return err
	}
	return s.tidyCopy(p)
}

// tidyCopy ends what was cut short.
func (s switchEffect) tidyCopy(p string) error {
	if err := s.h.RemoveAll(copying(p)); err != nil {
		return err
	}
	kept := KeptFolder(p)
	switch kind, err := s.kind(copied(p)); {
	case err != nil || kind == absent:
		return err
	case kind == isLink: // bringCopy has exchanged them
		return errors.Join(s.h.RemoveAll(kept), s.h.Remove(copied(p)))
	}
	switch kind, err := s.kind(kept); {
	case err != nil:
		return err
	case kind == isFolder: // bringCopy has not exchanged them
		return s.h.RemoveAll(copied(p))
	}
	switch kind, err := s.kind(p); {
	case err != nil:
		return err
	case kind == isLink: // keepCopy has removed the folder
		return s.h.Rename(copied(p), kept)
	}
	if err := s.h.RemoveAll(p); err != nil {
		return err
	}
	return s.h.Rename(copied(p), p)
}

const (
	absent   = ""
	isLink   = "link"
	isFolder = "folder"
)

func (s switchEffect) kind(p string) (string, error) {
	fi, err := s.h.Lstat(p)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return absent, nil
	case err != nil:
		return "", err
	case fi.Mode()&fs.ModeSymlink != 0:
		return isLink, nil
	}
	return isFolder, nil
}
