package plan

import (
	"context"
	"errors"
	"io/fs"

	"github.com/tcptune/tcptune/internal/host"
)

// linkEffect makes symbolic links. The value of one is its text, which is not resolved.
type linkEffect struct {
	whole
	h host.Host
}

func (l linkEffect) observe(_ context.Context, p string) (*string, error) {
	fi, err := l.h.Lstat(p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if fi.Mode()&fs.ModeSymlink == 0 {
		return nil, errNoLink
	}
	text, err := l.h.Readlink(p)
	return &text, err
}

// errNoLink is [errOdd] for a link.
const errNoLink = oddError("somebody has put something there that is not a symbolic link")

func (l linkEffect) write(_ context.Context, p string, value *string, _ fs.FileMode) error {
	if value == nil {
		if err := l.h.RemoveTemp(p); err != nil {
			return err
		}
		return l.h.Remove(p)
	}
	return l.h.WriteLink(p, *value)
}

func (l linkEffect) tidy(p string) error { return l.h.RemoveTemp(p) }
