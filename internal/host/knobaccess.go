package host

import (
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

// CanWriteKnob tells whether root could write the sysctl key here, without writing it: nil, or the reason why not.
// It is fs.ErrNotExist where the kernel does not have the key or hides it from this network namespace, unix.EROFS where
// /proc/sys is mounted read-only, fs.ErrPermission where the key is not writable from here, and [ErrNoKernel] on an
// image. A value may still be refused when it comes.
//
// Without root the mode of the file is what counts. The kernel sets it per namespace: net.core.rmem_max is 0444 outside
// the initial network namespace. access(2) would only say that we are not root.
func (h Host) CanWriteKnob(key string) error {
	if !h.Live() {
		return ErrNoKernel
	}
	fd, err := openKnob(key, unix.O_PATH)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var mount unix.Statfs_t
	if err := unix.Fstatfs(fd, &mount); err == nil && mount.Flags&unix.ST_RDONLY != 0 {
		return &fs.PathError{Op: "write", Path: key, Err: unix.EROFS}
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return &fs.PathError{Op: "stat", Path: key, Err: err}
	}
	if st.Mode&0o222 == 0 {
		return &fs.PathError{Op: "write", Path: key, Err: unix.EACCES}
	}
	if !h.IsRoot() {
		return nil
	}
	// A root of a user namespace, and a security module, have less than the mode says.
	err = unix.Faccessat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", fd), unix.W_OK, unix.AT_EACCESS)
	if err != nil {
		return &fs.PathError{Op: "write", Path: key, Err: err}
	}
	return nil
}
