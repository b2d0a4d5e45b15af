package host

import (
	"errors"
	"io/fs"
	"path"

	"golang.org/x/sys/unix"
)

// Place is what rename(2) and others will make of a path, as far as can be known without trying.
type Place struct {
	Mount    bool // a file system, or a part of one, is mounted there: it can be neither renamed nor removed (EBUSY)
	Overlay  bool // it is in an overlay: a folder that a layer below has cannot be renamed (EXDEV), and nothing tells which do
	ReadOnly bool // its file system takes no writes now
}

// Place looks at p, a link at its end not followed, or where there is nothing at what is above it.
func (h Host) Place(p string) (at Place, err error) {
	var st unix.Statx_t
	fd, err := h.openFD(p, unix.O_PATH|unix.O_NOFOLLOW)
	if errors.Is(err, unix.ENOENT) && p != "/" {
		at, err := h.Place(path.Dir(path.Clean(p)))
		at.Mount = false
		return at, err
	}
	if err != nil {
		return at, &fs.PathError{Op: "look at", Path: p, Err: err}
	}
	defer unix.Close(fd)
	if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, 0, &st); err == nil { // the kernel tells of mounts since Linux 5.8
		at.Mount = st.Attributes_mask&unix.STATX_ATTR_MOUNT_ROOT != 0 && st.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0
	}
	var system unix.Statfs_t
	if _, err := retry(func() (int, error) { return 0, unix.Fstatfs(fd, &system) }); err != nil {
		return at, &fs.PathError{Op: "look at", Path: p, Err: err}
	}
	at.Overlay = int64(system.Type) == unix.OVERLAYFS_SUPER_MAGIC
	at.ReadOnly = system.Flags&unix.ST_RDONLY != 0
	return at, nil
}
