package host

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
)

// ErrNoSystemd is returned where a question needs systemd as PID 1, or as a package, and there is none.
var ErrNoSystemd = errors.New("systemd is not running here")

// SystemdRunning reports whether systemd is PID 1, by the rule of sd_booted(3). It is false on an image.
func (h Host) SystemdRunning() bool { return h.Live() && h.systemdBooted() }

func (h Host) systemdBooted() bool {
	fi, err := h.Lstat("/run/systemd/system")
	return err == nil && fi.IsDir()
}

// SystemdVersion returns the major version of the installed systemd, 255, without starting it: the name of its private
// library says it, and dpkg's records otherwise. It is fs.ErrNotExist where none is installed.
func (h Host) SystemdVersion() (int, error) {
	if v := h.systemdLibrary(); v > 0 {
		return v, nil
	}
	pkg, err := h.installed("systemd")
	if err != nil {
		return 0, err
	}
	if v := leadingNumber(pkg.Version); v > 0 {
		return v, nil
	}
	return 0, fs.ErrNotExist
}

// systemdLibrary looks for libsystemd-shared-255.so: in /lib/systemd up to Ubuntu 22.04, below the multiarch folder
// later. During an upgrade there may be two; the newer one is what runs next.
func (h Host) systemdLibrary() int {
	dirs := []string{"/usr/lib/systemd", "/lib/systemd"}
	for _, triplet := range []string{
		"x86_64-linux-gnu", "aarch64-linux-gnu", "riscv64-linux-gnu", "powerpc64le-linux-gnu", "s390x-linux-gnu",
		"arm-linux-gnueabihf", "i386-linux-gnu",
	} {
		dirs = append(dirs, "/usr/lib/"+triplet+"/systemd")
	}
	best := 0
	for _, dir := range dirs {
		names, err := h.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, name := range names {
			if rest, ok := strings.CutPrefix(name, "libsystemd-shared-"); ok {
				best = max(best, leadingNumber(rest))
			}
		}
	}
	return best
}

// leadingNumber reads the digits that s begins with, 0 when there are none. The epoch of a package version, which
// systemd has not had so far, is skipped.
func leadingNumber(s string) int {
	if _, rest, ok := strings.Cut(s, ":"); ok {
		s = rest
	}
	n, err := strconv.Atoi(s[:len(s)-len(strings.TrimLeft(s, "0123456789"))])
	if err != nil {
		return 0
	}
	return n
}
