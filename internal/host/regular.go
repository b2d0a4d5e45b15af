package host

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/trail"
)

// ErrNotRegular is returned for a device, a named pipe, a socket or a folder where a file is to be read.
var ErrNotRegular = errors.New("it is no regular file")

// ReadFile returns the whole of the file at the logical path p, links followed inside the root. A missing file is
// fs.ErrNotExist, anything but a regular one [ErrNotRegular], and one that is longer than what lies at p can sensibly
// be [ErrTooLong]. For files below /proc/sys use [Host.ReadKnob]: this one would be cut short there.
func (h Host) ReadFile(p string) ([]byte, error) { return h.ReadAtMost(p, boundOf(p)) }

// ReadAtMost is [Host.ReadFile] for what has a bound of its own.
func (h Host) ReadAtMost(p string, bound Bound) ([]byte, error) {
	data, err := h.readAtMost(p, bound)
	if h.trail.On() {
		h.trail.Step("reads", slog.String("path", p), trail.Came("bytes", len(data), Cause(err)))
	}
	return data, err
}

// ReadNamed is [Host.ReadAtMost] for a file that a user names, relative to the working directory of the process.
func ReadNamed(name string, bound Bound) ([]byte, error) {
	p, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	return Host{}.ReadAtMost(p, bound)
}

// OpenNamed is [Host.OpenRegular] for a file that a user names.
func OpenNamed(name string) (*os.File, error) {
	p, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	return Host{}.OpenRegular(p)
}

func (h Host) readAtMost(p string, bound Bound) ([]byte, error) {
	fd, st, err := h.openRegular(p)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	if st.Size > bound.Bytes {
		return nil, &fs.PathError{Op: "read", Path: p, Err: bound.Exceeded()}
	}
	// Files of the kernel tell no size; one of a few megabytes would be copied a dozen times by a buffer that grows.
	data, err := readUpTo(fd, int(max(st.Size, smallFile))+1, bound.Bytes+1)
	switch {
	case err != nil:
		return nil, &fs.PathError{Op: "read", Path: p, Err: err}
	case int64(len(data)) > bound.Bytes:
		return nil, &fs.PathError{Op: "read", Path: p, Err: bound.Exceeded()}
	}
	return data, nil
}

// smallFile is what most files fit into.
const smallFile = 1 << 10

// readUpTo reads most bytes, or less where the file ends, into a buffer that begins with size bytes.
func readUpTo(fd, size int, most int64) ([]byte, error) {
	data := make([]byte, 0, size)
	for int64(len(data)) < most {
		data = slices.Grow(data, 1)
		room := data[len(data):min(int64(cap(data)), most)]
		n, err := retry(func() (int, error) { return unix.Read(fd, room) })
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		data = data[:len(data)+n]
	}
	return data, nil
}

// readHead returns at most the first n bytes of the file at p.
func (h Host) readHead(p string, n int64) ([]byte, error) {
	fd, _, err := h.openRegular(p)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	return readUpTo(fd, int(n), n)
}

// stream hands the file at p to read, which need not hold it whole.
func (h Host) stream(p string, read func(io.Reader) error) error {
	fd, st, err := h.openRegular(p)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), p)
	defer f.Close()
	if bound := boundOf(p); st.Size > bound.Bytes {
		return &fs.PathError{Op: "read", Path: p, Err: bound.Exceeded()}
	}
	return read(f)
}

// OpenRegular opens the regular file at p for reading, links followed inside the root. Anything else is
// [ErrNotRegular].
func (h Host) OpenRegular(p string) (*os.File, error) {
	fd, _, err := h.openRegular(p)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), p), nil
}

// openRegular is the one way in which a file is opened to be read. What is there is known before it is opened:
// opening a device may act (rewind a tape, reset a watchdog), a named pipe waits for a writer and is noticed by it.
// O_PATH only looks (open(2)), and what it has seen is what /proc/self/fd opens, whatever has become of its name
// meanwhile. O_NONBLOCK does not wait for whoever holds a lease on the file (fcntl(2), F_SETLEASE).
func (h Host) openRegular(p string) (fd int, st unix.Stat_t, err error) {
	seen, err := h.openFD(p, unix.O_PATH)
	if err != nil {
		return -1, st, &fs.PathError{Op: "open", Path: p, Err: err}
	}
	defer unix.Close(seen)
	if err = unix.Fstat(seen, &st); err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		err = ErrNotRegular
	}
	if err != nil {
		return -1, st, &fs.PathError{Op: "read", Path: p, Err: err}
	}
	fd, err = retry(func() (int, error) { return unix.Open("/proc/self/fd/"+itoa(seen), readOnly, 0) })
	if errors.Is(err, unix.ENOENT) {
		fd, err = h.openAgain(p, st)
	}
	if err != nil {
		return -1, st, &fs.PathError{Op: "open", Path: p, Err: err}
	}
	return fd, st, nil
}

const readOnly = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC

var errMoved = errors.New("it was replaced while it was being opened")

// openAgain opens by name the regular file that was seen, where there is no /proc, as in a chroot. Each link at the
// end of p is followed here, so that the name that is opened is never one (O_NOFOLLOW), and what was opened has to be
// the file that was seen.
func (h Host) openAgain(p string, seen unix.Stat_t) (int, error) {
	for range 40 { // the kernel's own limit, path_resolution(7)
		at, err := h.openFD(p, unix.O_PATH|unix.O_NOFOLLOW)
		if err != nil {
			return -1, err
		}
		var st unix.Stat_t
		err = unix.Fstat(at, &st)
		_ = unix.Close(at)
		switch {
		case err != nil:
			return -1, err
		case st.Mode&unix.S_IFMT == unix.S_IFLNK:
			to, err := h.Readlink(p)
			if err != nil {
				return -1, Cause(err)
			}
			if !strings.HasPrefix(to, "/") {
				to = p[:strings.LastIndexByte(p, '/')+1] + to
			}
			p = to
			continue
		case st.Dev != seen.Dev || st.Ino != seen.Ino:
			return -1, errMoved
		}
		fd, err := h.openFD(p, readOnly|unix.O_NOFOLLOW)
		if err != nil {
			return -1, err
		}
		if err = unix.Fstat(fd, &st); err == nil && (st.Dev != seen.Dev || st.Ino != seen.Ino) {
			err = errMoved
		}
		if err != nil {
			_ = unix.Close(fd)
			return -1, err
		}
		return fd, nil
	}
	return -1, unix.ELOOP
}
