package host

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/trail"
)

// ReadDir returns the sorted names in the folder at p, links followed inside the root.
func (h Host) ReadDir(p string) ([]string, error) {
	names, err := h.readDir(p)
	if h.trail.On() {
		h.trail.Step("lists", slog.String("folder", p), trail.Came("names", len(names), Cause(err)))
	}
	return names, err
}

func (h Host) readDir(p string) ([]string, error) {
	f, err := h.open(p, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}

// Stat describes the file at p after following links inside the root.
func (h Host) Stat(p string) (fs.FileInfo, error) {
	if h.Live() {
		return os.Stat(p)
	}
	f, err := h.open(p, unix.O_PATH)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Stat()
}

// Lstat describes the file at p itself; links in the folders above it are followed inside the root.
func (h Host) Lstat(p string) (fs.FileInfo, error) {
	if h.Live() {
		return os.Lstat(p)
	}
	f, err := h.open(p, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Stat()
}

// Readlink returns the text of the link at p, not resolved. It is EINVAL when p is no link.
func (h Host) Readlink(p string) (string, error) {
	if h.Live() {
		return os.Readlink(p)
	}
	dir, err := h.open(path.Dir(path.Clean(p)), unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return "", err
	}
	defer dir.Close()
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(int(dir.Fd()), path.Base(path.Clean(p)), buf)
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: p, Err: err}
	}
	return string(buf[:n]), nil
}

// Resolve returns the logical path of p with every link followed inside the root.
func (h Host) Resolve(p string) (string, error) {
	f, err := h.open(p, unix.O_PATH)
	if err != nil {
		return "", err
	}
	defer f.Close()
	buf := make([]byte, unix.PathMax)
	n, err := unix.Readlink("/proc/self/fd/"+itoa(int(f.Fd())), buf)
	if err != nil {
		return "", &fs.PathError{Op: "resolve", Path: p, Err: err}
	}
	real := string(buf[:n])
	if h.Live() {
		return real, nil
	}
	rest := strings.TrimPrefix(real, h.root)
	if rest == "" {
		rest = "/"
	}
	return rest, nil
}

// open opens what is not read as a file: folders, and with O_PATH anything, to look at it.
func (h Host) open(p string, flags int) (*os.File, error) {
	fd, err := h.openFD(p, flags)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: p, Err: err}
	}
	return os.NewFile(uintptr(fd), p), nil
}

// openFD opens p for reading. Under a root the kernel itself keeps every link and every ".." inside it (openat2(2)
// RESOLVE_IN_ROOT, Linux 5.6), which no check in user space can do without a race.
func (h Host) openFD(p string, flags int) (int, error) {
	if !path.IsAbs(p) {
		return -1, unix.EINVAL
	}
	flags |= unix.O_CLOEXEC
	if !h.Live() {
		return h.openInRoot(p, flags)
	}
	return retry(func() (int, error) { return unix.Open(p, flags, 0) })
}

func (h Host) openInRoot(p string, flags int) (int, error) {
	root, err := retry(func() (int, error) {
		return unix.Open(h.root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return -1, err
	}
	defer unix.Close(root)
	how := unix.OpenHow{Flags: uint64(flags), Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	return retry(func() (int, error) { return unix.Openat2(root, p, &how) })
}

// retry repeats a call that a signal interrupted, or that openat2(2) gave up on (EAGAIN) because a folder above was
// being renamed at the time.
func retry(call func() (int, error)) (int, error) {
	for range 1000 {
		n, err := call()
		if !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.EAGAIN) {
			return n, err
		}
	}
	return -1, unix.EAGAIN
}
