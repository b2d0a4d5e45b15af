package container

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// recipe is part of the cache key: change it with anything below that changes what a root holds.
const recipe = "1"

// basic is what every machine has beside the distribution's minimal set.
func basic() []string {
	return []string{"systemd", "systemd-sysv", "dbus", "procps", "kmod", "iproute2"}
}

// Unavailable says why machines cannot be booted here. Everything else that goes wrong is a plain error.
type Unavailable string

func (u Unavailable) Error() string { return string(u) }

func possible() error {
	if os.Geteuid() != 0 {
		return Unavailable("booting a container needs root")
	}
	for _, tool := range []string{"unshare", "nsenter", "pivot_root", "ip", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			return Unavailable("booting a container needs " + tool + ", which is not installed")
		}
	}
	return nil
}

// rootDir is a cached root, shared and never written to, and an empty folder to mount on.
type rootDir struct{ path, mountPoint string }

// Root returns the root that a plain machine gets a copy of, for tools that make copies of their own. Never write to
// it.
func Root(ctx context.Context) (string, error) {
	if err := possible(); err != nil {
		return "", err
	}
	root, err := makeRoot(ctx, nil)
	return root.path, err
}

// makeRoot returns the root with the basic and the extra packages, made by mmdebstrap (40 seconds) if it is not in the
// cache. Two callers at once make it once.
func makeRoot(ctx context.Context, extra []string) (rootDir, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return rootDir{}, err
	}
	cache = filepath.Join(cache, "tcptune-test")
	packages := append(basic(), extra...)
	slices.Sort(packages)
	packages = slices.Compact(packages)
	apt, err := readApt(ctx)
	if err != nil {
		return rootDir{}, err
	}
	sum := sha256.Sum256([]byte(strings.Join(append(packages, recipe, apt.suite, apt.arch), "\n")))
	root := rootDir{
		path:       filepath.Join(cache, fmt.Sprintf("root-%s-%x", apt.suite, sum[:6])),
		mountPoint: filepath.Join(cache, "mnt"),
	}
	if err := os.MkdirAll(root.mountPoint, 0o755); err != nil {
		return rootDir{}, err
	}
	if _, err := os.Stat(root.path); err == nil {
		return root, nil
	}
	unlock, err := lock(root.path + ".lock")
	if err != nil {
		return rootDir{}, err
	}
	defer unlock()
	if _, err := os.Stat(root.path); err == nil {
		return root, nil
	}
	return root, debootstrap(ctx, root.path, apt, packages)
}

// debootstrap makes the root at dir, which is either whole or not there.
func debootstrap(ctx context.Context, dir string, apt apt, packages []string) error {
	if _, err := exec.LookPath("mmdebstrap"); err != nil {
		return Unavailable("making the container's root needs mmdebstrap, which is not installed")
	}
	part := dir + ".part"
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	args := []string{"--mode=root", "--variant=minbase", "--format=directory", "--include=" + strings.Join(packages, ",")}
	for _, option := range apt.options {
		args = append(args, "--aptopt="+option)
	}
	for _, folder := range []string{"doc", "man", "locale", "info"} {
		args = append(args, "--dpkgopt=path-exclude=/usr/share/"+folder+"/*")
	}
	args = append(append(args, apt.suite, part), apt.sources...)
	cmd := exec.CommandContext(ctx, "mmdebstrap", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.Join(fmt.Errorf("cannot make the container's root: %w\n%s", err, out), os.RemoveAll(part))
	}
	// What only a bootable kernel, a console or the host's audit subsystem would want.
	for _, unit := range []string{"systemd-journald-audit.socket", "console-getty.service", "systemd-udevd.service"} {
		link := filepath.Join(part, "etc/systemd/system", unit)
		if err := os.Symlink("/dev/null", link); err != nil {
			return err
		}
	}
	return os.Rename(part, dir)
}

func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil
}
