package hostile

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// thing is what stands in the place of a file and is none.
type thing struct {
	name string
	make func(t *testing.T, file string) error
}

func things() []thing {
	node := func(kind uint32, major, minor uint32) func(*testing.T, string) error {
		return func(_ *testing.T, file string) error {
			return unix.Mknod(file, kind|0o666, int(unix.Mkdev(major, minor)))
		}
	}
	linkTo := func(name string, thing func(*testing.T, string) error) func(*testing.T, string) error {
		return func(t *testing.T, file string) error {
			return errors.Join(thing(t, filepath.Join(filepath.Dir(file), name)), os.Symlink(name, file))
		}
	}
	zero := node(unix.S_IFCHR, 1, 5)
	pipe := func(_ *testing.T, file string) error { return unix.Mkfifo(file, 0o666) }
	return []thing{
		{"a character device", zero},
		{"a link to one", linkTo("zero", zero)},
		{"a block device", node(unix.S_IFBLK, 7, 0)},
		{"a named pipe", pipe},
		{"a link to one", linkTo("pipe", pipe)},
		{"a socket", socket},
		{"a folder", func(_ *testing.T, file string) error { return os.Mkdir(file, 0o755) }},
		{"a link in a circle", func(_ *testing.T, file string) error { return os.Symlink(filepath.Base(file), file) }},
		{"a hole of 1 TB", func(_ *testing.T, file string) error {
			return errors.Join(os.WriteFile(file, nil, 0o644), os.Truncate(file, 1<<40))
		}},
	}
}

func socket(t *testing.T, file string) error {
	t.Helper()
	short := filepath.Join(t.TempDir(), "s") // the name of a socket is short
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
	if err != nil {
		return err
	}
	l.SetUnlinkOnClose(false)
	return errors.Join(l.Close(), os.Rename(short, file))
}

// opened watches what must not be opened. The watch is on what file leads to; looking at it with O_PATH is no event.
func watch(t *testing.T, file string) (opened func() bool) {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	fi, err := os.Stat(file)
	if err != nil || fi.IsDir() || fi.Mode().IsRegular() {
		return func() bool { return false } // a folder may be listed
	}
	if _, err := unix.InotifyAddWatch(fd, file, unix.IN_OPEN); err != nil {
		t.Fatal(err)
	}
	return func() bool {
		n, _ := unix.Read(fd, make([]byte, 4096))
		return n > 0
	}
}
