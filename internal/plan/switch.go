package plan

import (
	"context"
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// FolderInPlace is the value of a switch in whose place a real folder stands.
const FolderInPlace = "a folder"

// KeptFolder is where the folder that stood at p is kept while a switch stands there. An operator without tcptune can
// put it back by hand: it has a name that is seen.
func KeptFolder(p string) string { return p + ".before-tcptune" }

// switchEffect leads a name to one of several trees. It is a link, whose text is its value; a real folder that stood
// there before changes places with it in one step and is kept, so that the name is never missing.
type switchEffect struct {
	whole
	h host.Host
}

func (s switchEffect) observe(_ context.Context, p string) (*string, error) {
	fi, err := s.h.Lstat(p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	value := FolderInPlace
	switch mode := fi.Mode(); {
	case mode&fs.ModeSymlink != 0:
		value, err = s.h.Readlink(p)
	case !mode.IsDir():
		return nil, errNoSwitch
	}
	return &value, err
}

// errNoSwitch is [errOdd] for a switch.
const errNoSwitch = oddError("somebody has put something there that is neither a symbolic link nor a folder")

func (s switchEffect) write(ctx context.Context, p string, value *string, _ fs.FileMode) error {
	if err := s.tidy(p); err != nil {
		return err
	}
	now, err := s.observe(ctx, p)
	if err != nil {
		return err
	}
	folder := now != nil && *now == FolderInPlace
	switch {
	case value == nil && folder:
		return errors.New("a folder is not removed")
	case value == nil:
		return s.h.Remove(p)
	case *value == FolderInPlace:
		return s.bringBack(p, now)
	case folder:
		return s.keep(p, *value)
	}
	return s.h.WriteLink(p, *value)
}

// keep puts a link in the place of a folder, and the folder aside. Both names are in one folder, so that the text of
// the link means the same in both places.
func (s switchEffect) keep(p, text string) error {
	kept := KeptFolder(p)
	if _, err := s.h.Lstat(kept); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, &fs.PathError{Op: "keep", Path: kept, Err: fs.ErrExist})
	}
	if err := s.h.WriteLink(kept, text); err != nil {
		return err
	}
	err := s.h.Exchange(p, kept)
	if errors.Is(err, unix.EXDEV) {
		if err = s.h.Remove(kept); err == nil {
			err = s.keepCopy(p, text)
		}
	}
	if err != nil {
		return errors.Join(err, s.tidy(p))
	}
	return nil
}

func (s switchEffect) bringBack(p string, now *string) error {
	kept := KeptFolder(p)
	if fi, err := s.h.Lstat(kept); err != nil || !fi.IsDir() {
		return errors.Join(err, &fs.PathError{Op: "bring back", Path: kept, Err: fs.ErrNotExist})
	}
	var err error
	if now == nil {
		err = s.h.Rename(kept, p)
	} else if err = s.h.Exchange(p, kept); err == nil {
		return s.h.Remove(kept) // the link
	}
	if errors.Is(err, unix.EXDEV) {
		return s.bringCopy(p, now)
	}
	return err
}

// tidy removes links that an interrupted write may have left beside p, and ends a copy that it had begun.
func (s switchEffect) tidy(p string) error {
	kept := KeptFolder(p)
	if err := errors.Join(s.h.RemoveTemp(p), s.h.RemoveTemp(kept)); err != nil {
		return err
	}
	if fi, err := s.h.Lstat(kept); err == nil && fi.Mode()&fs.ModeSymlink != 0 {
		if err := s.h.Remove(kept); err != nil {
			return err
		}
	}
	return s.tidyCopy(p)
}
