package plan

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// imageLockName is the name of the lock of an image, in its root folder.
//
// Whoever can open a file can flock(2) it, so the lock is a file that nobody can open but who may write to the image:
// only who may write to the folder can make it, it belongs to the owner of the folder (or to the other user who made
// it), and its mode is 600. It stands in the image, and not in /run of the machine, since it is what all who may
// write to the image have in common. It is there as long as it is held. One that a killed command has left is
// nobody's, and the next command takes it and removes it; a file of that name that somebody else could open is not
// ours, and is not taken.
const imageLockName = ".tcptune.lock"

// imageLock is the lock of an image, which is a file for as long as it is held.
type imageLock struct {
	h         host.Host
	dir, file *os.File      // file: while it is held
	was, made unix.Timespec // when the folder was last changed: before we made the file, and by that
}

// try takes the lock, or returns [ErrBusy].
func (l *imageLock) try() error {
	file, err := l.open(true)
	if err != nil {
		return err
	}
	if err = flock(file); err == nil && !l.current(file) {
		err = ErrBusy // for a moment: who held it has just removed it
	}
	if err != nil {
		_ = file.Close()
		return err
	}
	l.file = file
	return nil
}

// taken reports whether somebody holds the lock, and leaves no trace.
func (l *imageLock) taken() bool {
	file, err := l.open(false)
	if err == nil {
		err = flock(file)
		_ = file.Close()
	}
	return errors.Is(err, ErrBusy)
}

// open opens the file, which it makes if it may and there is none.
func (l *imageLock) open(create bool) (*os.File, error) {
	dfd := int(l.dir.Fd())
	var folder unix.Stat_t
	if err := unix.Fstat(dfd, &folder); err != nil {
		return nil, err
	}
	l.made = unix.Timespec{}
	const flags = unix.O_RDWR | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	fd, err := -1, error(unix.EEXIST)
	if create {
		if fd, err = unix.Openat(dfd, imageLockName, flags|unix.O_CREAT|unix.O_EXCL, 0o600); err == nil {
			l.was, l.made = folder.Mtim, changed(dfd)
			_ = unix.Fchown(fd, int(folder.Uid), -1) // the owner of the image must be able to take what root has left
		}
	}
	if errors.Is(err, unix.EEXIST) {
		if err = l.ours(folder); err == nil {
			fd, err = unix.Openat(dfd, imageLockName, flags, 0)
		}
		switch {
		case errors.Is(err, unix.EACCES), create && errors.Is(err, unix.ENOENT):
			err = ErrBusy // it belongs to another user who may write to the image; or it has just been removed
		}
	}
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), l.name()), nil
}

func (l *imageLock) name() string { return path.Join(l.h.Root(), imageLockName) }

// ours looks at the lock file before it is opened. It is not taken where a user could open it who may not write to the
// image.
func (l *imageLock) ours(folder unix.Stat_t) error {
	var st unix.Stat_t
	if err := unix.Fstatat(int(l.dir.Fd()), imageLockName, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	writer := st.Uid == 0 || st.Uid == folder.Uid || folder.Mode&0o022 != 0
	if st.Mode&unix.S_IFMT == unix.S_IFREG && st.Mode&0o077 == 0 && writer {
		return nil
	}
	return &report.Error{
		Code:    "foreign-lock",
		Message: fmt.Sprintf("cannot lock the image: others than those who may write to it can open %s", l.name()),
		Hint:    "tcptune has not made it like that: remove it",
	}
}

// changed is when the folder was last changed.
func changed(dfd int) unix.Timespec {
	var st unix.Stat_t
	_ = unix.Fstat(dfd, &st) // of an open folder
	return st.Mtim
}

// current reports whether file is still the one of that name.
func (l *imageLock) current(file *os.File) bool {
	var held, named unix.Stat_t
	return unix.Fstat(int(file.Fd()), &held) == nil &&
		unix.Fstatat(int(l.dir.Fd()), imageLockName, &named, unix.AT_SYMLINK_NOFOLLOW) == nil &&
		held.Dev == named.Dev && held.Ino == named.Ino
}

// Close removes the lock while it is held, and gives it back. Where nothing but the lock has changed the folder, that
// has its former time again: an image that stayed as it was shows no trace.
func (l *imageLock) Close() error {
	if l.file == nil {
		return l.dir.Close()
	}
	dfd := int(l.dir.Fd())
	untouched := l.made.Nano() != 0 && changed(dfd) == l.made
	err := unix.Unlinkat(dfd, imageLockName, 0)
	if untouched && err == nil {
		times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, l.was}
		_ = unix.UtimesNanoAt(unix.AT_FDCWD, "/proc/self/fd/"+strconv.Itoa(dfd), times, 0) // only its owner can
	}
	return errors.Join(err, l.file.Close(), l.dir.Close())
}
