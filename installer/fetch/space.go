package fetch

import (
	"errors"

	"golang.org/x/sys/unix"
)

// A toolchain takes about four times the room of its archive, and 15,000 files.
const unpackedRatio = 5

// requireSpace is an error when the file system of dir has not this many bytes left for us, or no room for the files of
// a toolchain. A file system that cannot be asked is given the benefit of the doubt.
func requireSpace(dir string, need int64) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return nil
	}
	if free := int64(fs.Bavail) * fs.Bsize; free < need {
		return Fail(NoSpace, "", "cannot unpack into %s: it needs %d MB, and %d MB are free", dir, need>>20, free>>20)
	}
	const files = 20000
	if fs.Files > 0 && fs.Ffree < files { // btrfs has no table of inodes and says 0
		return Fail(NoSpace, "", "cannot unpack into %s: it needs %d inodes, and %d are free", dir, files, fs.Ffree)
	}
	return nil
}

// outOfSpace turns a full disk, which others may fill while we write, into the error that names it.
func outOfSpace(dir string, err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return Fail(NoSpace, "", "cannot unpack into %s", dir).Because(err)
	}
	return err
}
