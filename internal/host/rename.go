package host

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// Rename moves what is at from to the name to, on the same file system, and makes that durable. Something at to is
// fs.ErrExist: it is not replaced.
func (h Host) Rename(from, to string) error { return h.rename(from, to, unix.RENAME_NOREPLACE) }

// Exchange swaps what is at a and at b, on the same file system, and makes that durable. It is one step: at no time is
// either name missing (renameat2(2), RENAME_EXCHANGE).
func (h Host) Exchange(a, b string) error { return h.rename(a, b, unix.RENAME_EXCHANGE) }

func (h Host) rename(from, to string, flags uint) (err error) {
	defer h.trail.Did("renames", &err, slog.String("path", from), slog.String("to", to),
		slog.Bool("exchange", flags == unix.RENAME_EXCHANGE))
	fromDir, fromBase, err := h.openParent(from)
	if err != nil {
		return err
	}
	defer fromDir.Close()
	toDir, toBase, err := h.openParent(to)
	if err != nil {
		return err
	}
	defer toDir.Close()
	if err := unix.Renameat2(int(fromDir.Fd()), fromBase, int(toDir.Fd()), toBase, flags); err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	if err := h.syncDir(toDir, to); err != nil || path.Dir(from) == path.Dir(to) {
		return err
	}
	return h.syncDir(fromDir, from)
}

// RemoveAll removes p and all below it. Links are removed, not followed. A missing p is no error.
func (h Host) RemoveAll(p string) (err error) {
	defer h.trail.Did("removes", &err, slog.String("tree", p))
	dir, base, err := h.openParent(p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	if _, err := h.Lstat(p); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	root, err := os.OpenRoot("/proc/self/fd/" + itoa(int(dir.Fd())))
	if err != nil {
		return &fs.PathError{Op: "remove", Path: p, Err: Cause(err)}
	}
	defer root.Close()
	if err := root.RemoveAll(base); err != nil {
		return &fs.PathError{Op: "remove", Path: p, Err: Cause(err)}
	}
	return h.syncDir(dir, p)
}

// MkdirAll makes the folder p, mode 0755, and what is missing above it. One that is there is no error.
func (h Host) MkdirAll(p string) error {
	if _, err := h.Stat(p); err == nil || !errors.Is(err, fs.ErrNotExist) || p == "/" {
		return err
	}
	if err := h.MkdirAll(path.Dir(p)); err != nil {
		return err
	}
	if err := h.Mkdir(p, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// OSPath is the path by which this process reaches the existing folder p, for libraries that know nothing of roots. It
// has no links in it.
func (h Host) OSPath(p string) (string, error) {
	real, err := h.Resolve(p)
	return path.Join(h.Root(), real), err
}

// SyncFS writes all that waits to be written to the file system of the folder p, syncfs(2): thousands of files at once,
// where a sync of each would take minutes.
func (h Host) SyncFS(p string) error {
	f, err := h.open(p, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.Syncfs(int(f.Fd())); err != nil {
		return &fs.PathError{Op: "sync file system of", Path: p, Err: err}
	}
	return nil
}
