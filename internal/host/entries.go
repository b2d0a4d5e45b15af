package host

import (
	"io/fs"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Entry is what a folder has under a name, as lstat(2) sees it.
type Entry struct {
	Name string
	Mode fs.FileMode // permission bits, and [fs.ModeDir] or [fs.ModeSymlink]; what is no file is [fs.ModeIrregular]
	Size int64       // bytes
	Time int64       // of the last change of its content, in seconds since 1970: archives of images keep no more
}

// Entries returns what the folder at p holds, sorted by name. A link at p is not followed. Each name is looked at from
// the folder itself: for a tree of 15,000 files that takes half of the time that a look at each path does.
func (h Host) Entries(p string) ([]Entry, error) {
	f, err := h.open(p, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return nil, &fs.PathError{Op: "list", Path: p, Err: Cause(err)}
	}
	list := make([]Entry, 0, len(names))
	for _, name := range names {
		e, err := entryAt(f, name)
		if err != nil {
			return nil, &fs.PathError{Op: "look at", Path: p + "/" + name, Err: err}
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

func entryAt(dir *os.File, name string) (Entry, error) {
	var st unix.Stat_t
	_, err := retry(func() (int, error) {
		return 0, unix.Fstatat(int(dir.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW)
	})
	e := Entry{Name: name, Mode: fs.FileMode(st.Mode & 0o777), Size: st.Size, Time: st.Mtim.Sec}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFDIR:
		e.Mode |= fs.ModeDir
	case unix.S_IFLNK:
		e.Mode |= fs.ModeSymlink
	default:
		e.Mode |= fs.ModeIrregular
	}
	return e, err
}

// SetTimes makes at, in seconds since 1970, the time of the last change of these things in the folder at p. Links are not
// followed.
func (h Host) SetTimes(p string, names []string, at int64) error {
	f, err := h.open(p, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if err != nil {
		return err
	}
	defer f.Close()
	times := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, unix.NsecToTimespec(at * 1e9)}
	for _, name := range names {
		if err := unix.UtimesNanoAt(int(f.Fd()), name, times, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return &fs.PathError{Op: "set the time of", Path: p + "/" + name, Err: err}
		}
	}
	return nil
}
