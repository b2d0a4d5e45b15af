package toolchain

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// layers is an image that is built in layers, each of which begins where the one before has ended.
type layers struct {
	h     ownHost
	dir   string
	below string // lowerdir of the next one
	n     int
}

// next begins a layer. The image is at /run/image then.
func (l *layers) next() {
	l.h.Helper()
	l.n++
	const image = "/run/image"
	if l.n > 1 {
		l.h.check(unix.Unmount(image, 0))
	}
	above, work := filepath.Join(l.dir, fmt.Sprintf("layer%d", l.n)), filepath.Join(l.dir, fmt.Sprintf("work%d", l.n))
	for _, dir := range []string{image, above, work} {
		l.h.check(os.MkdirAll(dir, 0o755))
	}
	l.h.check(unix.Mount("overlay", image, "overlay", 0, "lowerdir="+l.below+",upperdir="+above+",workdir="+work))
	l.below = above + ":" + l.below
}

// everything is each file of the image with its kind, mode, owner, size, content and where it leads; times of folders
// aside, which every change in them moves.
func (l *layers) everything() string {
	return l.h.sh(`cd /run/image; find . -printf '%p %y %m %U %G %l\n' | sort
		find . -type f -exec sha256sum {} + | sort -k2; find . -type f -printf '%p %s %T@\n' | sort`)
}

// An image gets a Go in one layer, and is changed in the next ones: what an earlier layer has cannot be renamed there.
func TestAnImageInLayersIsChangedAndComesBackByteForByte(t *testing.T) {
	h, ok := enter(t)
	if !ok {
		return
	}
	one, two := h.archive("1.99.1", good("1.99.1")), h.archive("1.99.2", good("1.99.2"))
	h.check(os.MkdirAll("/run/base", 0o755))
	h.check(unix.Mount("tmpfs", "/run/base", "tmpfs", 0, "mode=755"))
	h.sh(`cd /run/base; mkdir -p root/etc/profile.d root/var/lib/dpkg root/usr/lib root/usr/local/bin root/usr/local/lib root/usr/local/go/bin root/usr/local/go/src/fmt
		cp /etc/os-release root/usr/lib/os-release; ln -s ../usr/lib/os-release root/etc/os-release; dpkg --print-architecture >root/var/lib/dpkg/arch
		echo go1.50.0 >root/usr/local/go/VERSION; printf '#!/bin/sh\n' >root/usr/local/go/bin/go; chmod 755 root/usr/local/go/bin/go
		echo 'package fmt' >root/usr/local/go/src/fmt/print.go; ln -s print.go root/usr/local/go/src/fmt/link.go
		chown 1000:1000 root/usr/local/go/src/fmt/print.go; chmod 640 root/usr/local/go/src/fmt/print.go; touch -d 2020-02-02 root/usr/local/go/src/fmt/print.go`)
	l := layers{h: h, dir: "/run/base", below: "/run/base/root"}
	l.next()
	before := l.everything()
	tcptune := func(args ...string) string {
		h.Helper()
		out, _ := h.tcptune(0, append(args, "--root", "/run/image")...)
		return out
	}
	goes := func(to string) { h.Helper(); h.says(h.sh("cat /run/image/usr/local/go/VERSION"), "go"+to) }

	l.next()
	h.says(tcptune(append(one, "--dry-run")...), "it is copied where it cannot be renamed")
	tcptune(one...)
	goes("1.99.1")
	l.next()
	tcptune(two...)
	goes("1.99.2")
	l.next()
	tcptune("go", "use", "1.99.1")
	goes("1.99.1")
	l.next()
	tcptune("go", "rollback")
	goes("1.99.2")
	l.next()
	tcptune("go", "remove", "1.99.1")
	h.sh("rm /run/image/usr/local/lib/tcptune/go/1.99.2/bin/gofmt")
	l.next()
	h.tcptune(4, "go", "list", "--root", "/run/image")
	tcptune(two...)
	tcptune("go", "verify")
	l.next()
	tcptune("go", "rollback")
	goes("1.50.0")
	l.next()
	tcptune("go", "use", "1.99.2")
	l.next()
	tcptune("go", "remove", "--all")
	if after := l.everything(); after != before {
		t.Errorf("before:\n%s\nafter go remove --all:\n%s", before, after)
	}
}

// What is mounted in the way is named by the dry run, and before anything is fetched.
func TestAMountInTheWayIsNamedBeforeAnythingIsFetched(t *testing.T) {
	h, ok := enter(t)
	if !ok {
		return
	}
	h.check(os.MkdirAll("/usr/local/go/bin", 0o755))
	h.check(unix.Mount("tmpfs", "/usr/local/go", "tmpfs", 0, "mode=755"))
	h.sh("mkdir /usr/local/go/bin; printf '#!/bin/sh\n' >/usr/local/go/bin/go; chmod 755 /usr/local/go/bin/go")
	one := h.archive("1.99.1", good("1.99.1"))
	for _, args := range [][]string{one, append(one, "--dry-run")} {
		_, said := h.tcptune(1, args...)
		h.says(said, "cannot replace /usr/local/go: something is mounted there")
		h.says(said, "hint: unmount it: sudo umount /usr/local/go")
	}
	h.check(unix.Unmount("/usr/local/go", 0))
	h.sh("rmdir /usr/local/go/bin /usr/local/go")

	// A volume at our own folder is a place like any other, and stays.
	h.sh("mkdir -p /usr/local/lib/tcptune/go")
	h.check(unix.Mount("tmpfs", "/usr/local/lib/tcptune/go", "tmpfs", 0, "mode=755"))
	h.tcptune(0, one...)
	h.tcptune(0, "go", "remove", "--all")
	h.says(h.sh("ls -A /usr/local/lib/tcptune/go; mountpoint /usr/local/lib/tcptune/go"), "is a mountpoint")
	h.check(unix.Unmount("/usr/local/lib/tcptune/go", 0))

	// Nothing is written where nothing can be.
	h.check(unix.Mount("/usr/local", "/usr/local", "", unix.MS_BIND, ""))
	h.check(unix.Mount("", "/usr/local", "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	_, said := h.tcptune(1, append(one, "--dry-run")...)
	h.says(said, "its file system is read-only")
}
