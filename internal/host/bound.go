package host

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// ErrTooLong is what [errors.Is] finds in the error about a file that is longer than its kind can be.
var ErrTooLong = errors.New("too long")

// Bound is how long a thing can sensibly be. What is longer is something else, and is not taken into memory.
type Bound struct {
	Bytes int64
	Of    string // the kind of thing, "a saved plan"
}

// Exceeded is the error about a file that is longer.
func (b Bound) Exceeded() error { return tooLong(b) }

type tooLong Bound

func (e tooLong) Error() string {
	size := fmt.Sprintf("%d bytes", e.Bytes)
	switch {
	case e.Bytes >= 1<<20:
		size = fmt.Sprintf("%d MiB", e.Bytes>>20)
	case e.Bytes >= 1<<10:
		size = fmt.Sprintf("%d KiB", e.Bytes>>10)
	}
	return "longer than the " + size + " that " + e.Of + " can have"
}

func (tooLong) Is(target error) bool { return target == ErrTooLong }

// boundOf is the bound of the file at p of a host, by its place.
func boundOf(p string) Bound {
	p = path.Clean(p)
	if strings.Contains(p, "/sysctl.d/") || p == "/etc/sysctl.conf" {
		return Bound{2 << 20, "a file of sysctl"} // systemd reads up to the first line of 1 MiB
	}
	if strings.Contains(p, "/modules-load.d/") {
		return Bound{64 << 10, "a list of modules to load"}
	}
	for _, b := range []struct {
		place string
		bound Bound
	}{
		{"/proc/", Bound{4 << 20, "a file of the kernel"}},
		{"/sys/", Bound{4 << 20, "a file of the kernel"}},
		{"/boot/", Bound{4 << 20, "the configuration of a kernel"}},
		{modulesDir + "/", Bound{64 << 20, "a list of modules"}},
		{"/var/lib/dpkg/", Bound{64 << 20, "a list of packages"}},
		{"/var/lib/tcptune/", Bound{8 << 20, "a journal"}},
		{"/etc/passwd", Bound{16 << 20, "a list of users"}},
		{"/etc/group", Bound{16 << 20, "a list of users"}},
		{"/var/log/tcptune/", Bound{8 << 20, "a record of changes"}},
		{"/etc/tuned/", Bound{32 << 10, "a file of TuneD"}},
		{"/usr/lib/tuned/", Bound{32 << 10, "a file of TuneD"}},
		{"/etc/tcptune/", Bound{64 << 10, "a file of tcptune's settings"}},
	} {
		if strings.HasPrefix(p, b.place) {
			return b.bound
		}
	}
	return Bound{1 << 20, "a file of settings"}
}
