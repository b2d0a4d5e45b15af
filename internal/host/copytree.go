package host

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// CopyTree makes the new folder to a copy of the folder from: files, folders and links with their modes, owners and times of change.
// Anything else in it is an error. It is for folders that rename(2) does not move. After an error what was made is gone
// again. The copy is on the disk when it returns.
func (h Host) CopyTree(from, to string) (err error) {
	defer h.trail.Did("copies", &err, slog.String("path", from), slog.String("to", to))
	real, err := h.OSPath(from)
	if err != nil {
		return err
	}
	parent, err := h.OSPath(path.Dir(to))
	if err != nil {
		return err
	}
	if err := h.Mkdir(to, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(path.Join(parent, path.Base(to)))
	if err == nil {
		// The folder is a root of its own: whoever may write to it leads the copy nowhere else.
		err = copyInto(Host{root: real}, root, "/")
		err = errors.Join(err, root.Close())
	}
	if err == nil {
		err = h.SyncFS(to)
	}
	if err != nil {
		return errors.Join(err, h.RemoveAll(to))
	}
	return nil
}

// copyInto copies what src has at p to the same place below dst. Folders get their modes and times last.
func copyInto(src Host, dst *os.Root, p string) error {
	names, err := src.readDir(p)
	if err != nil {
		return err
	}
	for _, name := range names {
		at := path.Join(p, name)
		fi, err := src.Lstat(at)
		if err == nil {
			err = copyOne(src, dst, at, fi)
		}
		if err != nil {
			return err
		}
	}
	fi, err := src.Stat(p)
	if err != nil {
		return err
	}
	return likeBefore(dst, "."+p, fi)
}

func copyOne(src Host, dst *os.Root, p string, fi fs.FileInfo) error {
	to := p[1:]
	switch mode := fi.Mode(); {
	case mode.IsDir():
		if err := dst.Mkdir(to, 0o700); err != nil {
			return err
		}
		return copyInto(src, dst, p)
	case mode&fs.ModeSymlink != 0:
		text, err := src.Readlink(p)
		if err != nil {
			return err
		}
		if err := dst.Symlink(text, to); err != nil {
			return err
		}
		if st, ok := fi.Sys().(*syscall.Stat_t); ok {
			return dst.Lchown(to, int(st.Uid), int(st.Gid))
		}
		return nil
	case !mode.IsRegular():
		return fmt.Errorf("cannot copy %s: it is neither a file, a folder nor a link", p)
	}
	in, err := src.OpenRegular(p)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := dst.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	return likeBefore(dst, to, fi)
}

// likeBefore gives name the owner, the mode and the times that fi has.
func likeBefore(dst *os.Root, name string, fi fs.FileInfo) error {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	if err := dst.Lchown(name, int(st.Uid), int(st.Gid)); err != nil && !errors.Is(err, unix.EPERM) {
		return err
	}
	return errors.Join(dst.Chmod(name, fi.Mode()), dst.Chtimes(name, time.Time{}, fi.ModTime()))
}
