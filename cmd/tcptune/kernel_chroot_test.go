package main

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tcptune/tcptune/internal/report"

	"golang.org/x/sys/unix"
)

// image makes a folder to change the root to, with everything of the room and an /etc of its own.
func (r room) image() string {
	r.Helper()
	root := "/run/image"
	r.check(os.Mkdir(root, 0o755))
	entries, err := os.ReadDir("/")
	r.check(err)
	for _, e := range entries {
		from, to := "/"+e.Name(), filepath.Join(root, e.Name())
		switch {
		case e.Type()&os.ModeSymlink != 0:
			target, err := os.Readlink(from)
			r.check(errors.Join(err, os.Symlink(target, to)))
		case !e.IsDir() || from == "/etc" || from == "/run":
		default:
			r.check(errors.Join(os.Mkdir(to, 0o755), unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, "")))
		}
	}
	r.check(os.Mkdir(root+"/run", 0o755))
	r.check(exec.Command("cp", "-a", "/etc", root).Run())
	return root
}

// A builder of images that runs tcptune in the chroot must not find its own kernel tuned, with no journal of it.
func TestKernelAChrootIsRefused(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	root := r.image()
	before := r.state()
	inside := func(code int, args ...string) result {
		cmd := exec.Command("tcptune", args...)
		cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Chroot: root}
		got := r.start(cmd)()
		if got.code != code {
			r.Errorf("in a chroot, tcptune %s: want exit %d, got %v", strings.Join(args, " "), code, got)
		}
		return got
	}
	got := inside(report.ExitFailed, "apply", "--profile", "room")
	r.says(got.err, "tcptune: cannot tune from within a chroot")
	r.says(got.err, "hint: run it outside, on the folder: tcptune apply --root DIR")
	rep := r.report(inside(report.ExitFailed, "apply", "--confirm", "10m", "--profile", "room", "--json"))
	if rep.Error == nil || rep.Error.Code != "chroot" || rep.Changed || rep.Changes[0].Status != report.Planned {
		r.Errorf("error is %+v, changed %v, want code chroot", rep.Error, rep.Changed)
	}
	inside(report.ExitFailed, "plan", "--profile", "room")
	r.says(inside(report.ExitDiffers, "status").out, "apply will refuse: cannot tune from within a chroot")
	r.is(before, maps.Clone)
	if _, err := os.Stat(root + "/etc/sysctl.d/60-tcptune.conf"); err == nil {
		r.Error("the image has got a file of ours")
	}

	// The way back stays open, and outside all is as ever.
	inside(report.ExitDone, "revert")
	r.run(report.ExitDone, "apply", "--root", root, "--profile", "room")
	r.has(roomBefore)
	r.run(report.ExitDone, "apply", "--profile", "room")
	r.run(report.ExitDone, "revert")
}
