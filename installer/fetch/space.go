package fetch

import (
	"errors"

	"golang.org/x/sys/unix"
)

// What a toolchain takes of a disk whose files have blocks of 4 KiB, in hundredths of its archive: Go 1.26 is an archive of
// 68 MB and takes 282, as a module 64 and 222. Older ones take less.
const (
	ofTar = 420
	ofZip = 350
)

func share(size, hundredths int64) int64 { return size / 100 * hundredths }

// OnDisk is what a file of size bytes takes.
func OnDisk(size int64) int64 {
	const block = 4 << 10
	return (size + block - 1) / block * block
}

// RequireSpace is an error when the file system of dir has not this many bytes left for us, or no room for the files of
// a toolchain. A file system that cannot be asked is given the benefit of the doubt.
func RequireSpace(dir string, need int64) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return nil
	}
	if free := int64(fs.Bavail) * fs.Bsize; free < need {
		return Fail(NoSpace, "", "cannot unpack into %s: it needs %d MB, and %d MB are free", dir, need>>20, free>>20)
	}
	const files = 17000                   // Go 1.26 has 15,000, and 1,700 folders
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
