package host

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"strconv"

	"golang.org/x/sys/unix"
)

// tempSuffix ends the name of a file that WriteFile has not yet renamed into place. The name is fixed, not random: the
// caller holds the lock, and what a killed run left behind is replaced by the next one instead of piling up.
const tempSuffix = ".tcptune-new"

// WriteFile replaces the file at p by data, atomically and durably: a temporary file in the same folder, fsync, rename,
// fsync of the folder. After a crash p is either the old file or the new one. A link at p is replaced, never followed.
// The folder must exist, see [Host.Mkdir].
func (h Host) WriteFile(p string, data []byte, mode fs.FileMode) (err error) {
	defer h.trail.Did("writes", &err, slog.String("path", p), slog.Int("bytes", len(data)))
	return h.replace("write", p, temporary(p), func(dfd int, temp string) error { return writeTemp(dfd, temp, data, mode) })
}

// WriteLink replaces what is at p by a symbolic link with the text target, in the way of [Host.WriteFile]. The text is
// not resolved: it may lead to nothing. The folder must exist.
func (h Host) WriteLink(p, target string) (err error) {
	defer h.trail.Did("links", &err, slog.String("path", p), slog.String("to", target))
	return h.replace("link", p, temporary(p), func(dfd int, temp string) error { return unix.Symlinkat(target, dfd, temp) })
}

// temporary is the name that has what is written to p before it is in place.
func temporary(p string) string { return "." + path.Base(p) + tempSuffix }

// replace has lay make something new beside p, by the name temp, and renames it to p.
func (h Host) replace(op, p, temp string, lay func(dfd int, temp string) error) error {
	dir, base, err := h.openParent(p)
	if err != nil {
		return err
	}
	defer dir.Close()
	dfd := int(dir.Fd())
	if err := unix.Unlinkat(dfd, temp, 0); err != nil && !errors.Is(err, unix.ENOENT) {
		return &fs.PathError{Op: op, Path: p, Err: err}
	}
	if err := lay(dfd, temp); err != nil {
		_ = unix.Unlinkat(dfd, temp, 0)
		return &fs.PathError{Op: op, Path: p, Err: err}
	}
	if err := unix.Renameat(dfd, temp, dfd, base); err != nil {
		_ = unix.Unlinkat(dfd, temp, 0)
		return &fs.PathError{Op: "rename", Path: p, Err: err}
	}
	return h.syncDir(dir, p)
}

func writeTemp(dfd int, name string, data []byte, mode fs.FileMode) error {
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := retry(func() (int, error) { return unix.Openat(dfd, name, flags, uint32(mode.Perm())) })
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	if err := fill(f, data, mode); err != nil {
		return err
	}
	return Cause(f.Close())
}

// fill writes a new file, durably.
func fill(f *os.File, data []byte, mode fs.FileMode) error {
	// The mode is set again because open(2) subtracts the umask of whoever called us.
	if err := f.Chmod(mode.Perm()); err != nil {
		return Cause(err)
	}
	if _, err := f.Write(data); err != nil {
		return Cause(err)
	}
	return Cause(f.Sync())
}

// Remove unlinks the file or the empty folder at p, and makes that durable. A missing p is no error.
func (h Host) Remove(p string) (err error) {
	defer h.trail.Did("removes", &err, slog.String("path", p))
	dir, base, err := h.openParent(p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	err = unix.Unlinkat(int(dir.Fd()), base, 0)
	if errors.Is(err, unix.EISDIR) || errors.Is(err, unix.EPERM) {
		err = unix.Unlinkat(int(dir.Fd()), base, unix.AT_REMOVEDIR)
	}
	switch {
	case err == nil:
		return h.syncDir(dir, p)
	case errors.Is(err, unix.ENOENT):
		return nil
	}
	return &fs.PathError{Op: "remove", Path: p, Err: err}
}

// RemoveTemp removes what an interrupted [Host.WriteFile] or [Host.WriteLink] of p may have left beside it.
func (h Host) RemoveTemp(p string) error {
	temp := path.Join(path.Dir(p), temporary(p))
	if _, err := h.Lstat(temp); errors.Is(err, fs.ErrNotExist) {
		return nil // unlinkat(2) would say EROFS, not ENOENT, on a read-only file system
	}
	return h.Remove(temp)
}

// Mkdir makes the folder p, whose parent must exist, and makes that durable. It is fs.ErrExist when p is there.
func (h Host) Mkdir(p string, mode fs.FileMode) (err error) {
	defer h.trail.Did("makes", &err, slog.String("folder", p))
	dir, base, err := h.openParent(p)
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := unix.Mkdirat(int(dir.Fd()), base, uint32(mode.Perm())); err != nil {
		return &fs.PathError{Op: "mkdir", Path: p, Err: err}
	}
	if err := unix.Fchmodat(int(dir.Fd()), base, uint32(mode.Perm()), 0); err != nil {
		return &fs.PathError{Op: "mkdir", Path: p, Err: err}
	}
	return h.syncDir(dir, p)
}

func (h Host) openParent(p string) (*os.File, string, error) {
	p = path.Clean(p)
	if !path.IsAbs(p) || p == "/" {
		return nil, "", &fs.PathError{Op: "write", Path: p, Err: unix.EINVAL}
	}
	dir, err := h.open(path.Dir(p), unix.O_RDONLY|unix.O_DIRECTORY)
	return dir, path.Base(p), err
}

// syncDir makes a new, changed or removed name durable: fsync(2) of a file does not cover its name in the folder.
func (h Host) syncDir(dir *os.File, p string) error {
	if err := dir.Sync(); err != nil {
		return &fs.PathError{Op: "fsync folder of", Path: p, Err: Cause(err)}
	}
	return nil
}

func itoa(n int) string { return strconv.Itoa(n) }
