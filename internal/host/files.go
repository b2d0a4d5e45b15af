package host

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/trail"
)

// ReadFile returns the whole of the file at the logical path p, links followed inside the root.
// A missing file is fs.ErrNotExist, one above 256 MiB, as no file of a host's configuration is, [ErrTooLong].
// For files below /proc/sys use [Host.ReadKnob]: this one would be cut short there.
func (h Host) ReadFile(p string) ([]byte, error) {
	data, err := h.readFile(p)
	if h.trail.On() {
		h.trail.Step("reads", slog.String("path", p), trail.Came("bytes", len(data), Cause(err)))
	}
	return data, err
}

func (h Host) readFile(p string) ([]byte, error) {
	f, err := h.open(p, unix.O_RDONLY|unix.O_NONBLOCK)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: p, Err: errNotRegular}
	}
	if fi.Size() > longestFile {
		return nil, &fs.PathError{Op: "read", Path: p, Err: ErrTooLong}
	}
	// A file of a few megabytes, as dpkg's, would be copied a dozen times by a buffer that grows.
	data := bytes.NewBuffer(make([]byte, 0, fi.Size()+bytes.MinRead))
	_, err = io.Copy(data, f)
	return data.Bytes(), err
}

var errNotRegular = errors.New("it is no regular file")

// longestFile keeps a log that somebody has let grow in a folder of settings out of the memory.
const longestFile = 256 << 20

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

// open opens p for reading. Under a root the kernel itself keeps every link and every ".." inside it (openat2(2)
// RESOLVE_IN_ROOT, Linux 5.6), which no check in user space can do without a race.
func (h Host) open(p string, flags int) (*os.File, error) {
	if !path.IsAbs(p) {
		return nil, &fs.PathError{Op: "open", Path: p, Err: unix.EINVAL}
	}
	flags |= unix.O_CLOEXEC
	var fd int
	var err error
	if h.Live() {
		fd, err = retry(func() (int, error) { return unix.Open(p, flags, 0) })
	} else {
		fd, err = h.openInRoot(p, flags)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: p, Err: err}
	}
	return os.NewFile(uintptr(fd), p), nil
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
