package host

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"

	"golang.org/x/sys/unix"
)

// WriteShared is [Host.WriteFile] for a file that others may be writing as well, without a lock: the last one wins,
// and at no time is the file a part of one. It has no name before it is whole, so that nothing is left of a run that
// is killed.
func (h Host) WriteShared(p string, data []byte, mode fs.FileMode) (err error) {
	dir, base, err := h.openParent(p)
	if err != nil {
		return err
	}
	defer dir.Close()
	fd, err := unix.Openat(int(dir.Fd()), ".", unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, uint32(mode.Perm()))
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EISDIR) { // a file system that cannot
		return h.WriteFile(p, data, mode)
	}
	if err != nil {
		return &fs.PathError{Op: "write", Path: p, Err: err}
	}
	defer h.trail.Did("writes", &err, slog.String("path", p), slog.Int("bytes", len(data)))
	f := os.NewFile(uintptr(fd), p)
	defer f.Close()
	if err := fill(f, data, mode); err != nil {
		return &fs.PathError{Op: "write", Path: p, Err: err}
	}
	// Between two system calls it has a name that nobody else uses.
	temp := "." + base + "." + itoa(os.Getpid()) + "-" + itoa(fd) + tempSuffix
	return h.replace("write", p, temp, func(dfd int, temp string) error {
		return unix.Linkat(unix.AT_FDCWD, "/proc/self/fd/"+itoa(fd), dfd, temp, unix.AT_SYMLINK_FOLLOW)
	})
}
