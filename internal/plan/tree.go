package plan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// TreeRecord is the file in the root of a tree that tells what it is: its first line is the value of the tree. It lies
// in the tree, so that one rename(2) brings both.
const TreeRecord = ".tcptune-tree"

// Staged is where a tree that is to appear at p is made first: what is there when a transaction begins is moved to p.
func Staged(p string) string { return beside(p, ".tcptune-new") }

// discarded is where a tree goes that is to disappear from p. It is removed once nobody can want it back.
func discarded(p string) string { return beside(p, ".tcptune-old") }

func beside(p, suffix string) string { return path.Join(path.Dir(p), "."+path.Base(p)+suffix) }

// IsTreeLeftover reports whether name is that of a folder that an interrupted change of a tree may leave.
func IsTreeLeftover(name string) bool {
	return strings.HasPrefix(name, ".") &&
		(strings.HasSuffix(name, ".tcptune-new") || strings.HasSuffix(name, ".tcptune-old"))
}

// UnknownTree is the value of a folder without a record.
const UnknownTree = "unknown"

// treeEffect brings whole folders and takes them away, each by one rename(2), however many files they have. What takes the
// place of another one is exchanged with it.
type treeEffect struct {
	whole
	h host.Host
}

func (t treeEffect) observe(_ context.Context, p string) (*string, error) {
	fi, err := t.h.Lstat(p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !fi.IsDir() {
		return nil, errNoFolder
	}
	value := UnknownTree
	switch text, err := t.h.ReadFile(path.Join(p, TreeRecord)); {
	case err == nil:
		value, _, _ = strings.Cut(string(text), "\n")
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case IsTreeTakenAway(t.h, p):
		return nil, nil
	}
	return &value, nil
}

// errNoFolder is [errOdd] for a tree.
const errNoFolder = oddError("somebody has put something there that is not a folder")

func (t treeEffect) write(ctx context.Context, p string, value *string, _ fs.FileMode) error {
	if value == nil {
		return t.takeAway(p)
	}
	for _, from := range []string{discarded(p), Staged(p)} {
		if is, err := t.observe(ctx, from); err == nil && is != nil && *is == *value {
			return t.place(from, p)
		}
	}
	if IsTreeTakenAway(t.h, p) {
		return t.giveBack(p, *value)
	}
	return fmt.Errorf("%s is not there to be moved into place", *value)
}

func (t treeEffect) place(from, p string) error {
	if _, err := t.h.Lstat(p); errors.Is(err, fs.ErrNotExist) {
		return t.h.Rename(from, p)
	}
	err := t.h.Exchange(from, p)
	if errors.Is(err, unix.EXDEV) {
		return t.replaceCopied(from, p)
	}
	return err
}

// replaceCopied is place where there is a tree that cannot be renamed, see switchcopy.go: a copy of it is what an undo
// brings back.
func (t treeEffect) replaceCopied(from, p string) error {
	partial, whole := beside(p, ".copying.tcptune-old"), beside(p, ".copied.tcptune-old")
	if err := errors.Join(t.h.RemoveAll(partial), t.h.RemoveAll(whole), t.h.RemoveAll(discarded(p))); err != nil {
		return err
	}
	if err := t.h.CopyTree(p, partial); err != nil {
		return err
	}
	if err := t.h.Rename(partial, whole); err != nil {
		return err
	}
	if err := t.h.RemoveAll(p); err != nil {
		return err
	}
	if err := t.h.Rename(from, p); err != nil {
		return err
	}
	return t.h.Rename(whole, discarded(p))
}

// tidy ends a replaceCopied that was cut short: backwards, unless the new tree is in its place.
func (t treeEffect) tidy(p string) error {
	whole := beside(p, ".copied.tcptune-old")
	if _, err := t.h.Lstat(whole); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	if _, err := t.h.Lstat(Staged(p)); errors.Is(err, fs.ErrNotExist) {
		return t.h.Rename(whole, discarded(p))
	}
	if err := t.h.RemoveAll(p); err != nil {
		return err
	}
	return t.h.Rename(whole, p)
}

// sweep removes what is left of a tree that was staged or taken away.
func (t treeEffect) sweep(p string) error {
	err := sweepAway(t.h, p)
	for _, suffix := range []string{".tcptune-new", ".tcptune-old", ".copying.tcptune-old", ".copied.tcptune-old"} {
		err = errors.Join(err, t.h.RemoveAll(beside(p, suffix)))
	}
	return err
}
