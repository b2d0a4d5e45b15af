package vm

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

	"github.com/tcptune/tcptune/test/debian"
)

const (
	recipe = "2"      // part of the cache's key: change it with what prepare does
	suite  = "trixie" // has Linux 6.12 with modules for BBR, fq and netem, and systemd 257
	size   = "4G"     // of the file system; the file is sparse
)

func packages() []string {
	return []string{
		"systemd", "systemd-sysv", "dbus", "udev", "procps", "kmod", "iproute2", "initramfs-tools", "openssh-server",
		"linux-image-cloud-amd64", "curl", "iperf3", "strace", "ufw",
	}
}

// Unavailable says why machines cannot be booted here. Everything else that goes wrong is a plain error.
type Unavailable string

func (u Unavailable) Error() string { return string(u) }

func possible() error {
	if os.Geteuid() != 0 {
		return Unavailable("making the disk of a virtual machine needs root")
	}
	for _, tool := range []string{"qemu-system-x86_64", "qemu-img", "mke2fs", "mmdebstrap", "cp", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			return Unavailable("booting a virtual machine needs " + tool + ", which is not installed")
		}
	}
	return nil
}

// makeDisk returns a folder with root.img, vmlinuz, initrd.img and the key "key" that root of the machine lets in. It
// is made, in two minutes, if it is not in the cache; two callers at once make it once. Never write to it. A root that
// was given has no more packages than it has.
func makeDisk(ctx context.Context, more ...string) (string, error) {
	cache, err := debian.CacheDir("vm")
	if err != nil {
		return "", err
	}
	if ubuntu := os.Getenv("UBUNTU_ROOT"); ubuntu != "" {
		fi, err := os.Stat(ubuntu)
		if err != nil {
			return "", fmt.Errorf("cannot use UBUNTU_ROOT: %w", err)
		}
		return debian.Cached(cache, key("ubuntu", ubuntu, fi.ModTime().String()), func(work, dir string) error {
			root := filepath.Join(work, "root")
			if err := run(ctx, "cp", "-a", "--reflink=auto", ubuntu, root); err != nil {
				return err
			}
			return diskOf(ctx, root, dir)
		})
	}
	list := append(packages(), more...)
	return debian.Cached(cache, key(suite, list...), func(work, dir string) error {
		root := filepath.Join(work, "root")
		if err := debootstrap(ctx, root, list); err != nil {
			return err
		}
		return diskOf(ctx, root, dir)
	})
}

func key(name string, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(append(parts, recipe, size), "\n")))
	return fmt.Sprintf("%s-%x", name, sum[:6])
}

func debootstrap(ctx context.Context, root string, list []string) error {
	mirror, err := debian.Mirror()
	if err != nil {
		return err
	}
	args := []string{
		"--mode=root", "--variant=minbase", "--format=directory", "--include=" + strings.Join(list, ","),
		`--aptopt=Acquire::Check-Valid-Until "false"`,
	}
	for _, folder := range []string{"doc", "man", "locale", "info"} {
		args = append(args, "--dpkgopt=path-exclude=/usr/share/"+folder+"/*")
	}
	source := fmt.Sprintf("deb [signed-by=%s] %s %s main", debian.Keyring, mirror, suite)
	return run(ctx, "mmdebstrap", append(args, suite, root, source)...)
}

// diskOf makes root, which is used up, into a disk that boots by itself in the folder dir.
func diskOf(ctx context.Context, root, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	public, err := makeKey(filepath.Join(dir, "key"))
	if err != nil {
		return err
	}
	for name, text := range map[string]string{
		"etc/hostname":                        "tcptune-test\n",
		"etc/fstab":                           "/dev/vda / ext4 rw 0 1\n",
		"etc/resolv.conf":                     "nameserver 10.0.2.3\n",
		"root/.ssh/authorized_keys":           public,
		"etc/ssh/sshd_config.d/tcptune.conf":  "PermitRootLogin yes\nUseDNS no\n",
		"etc/systemd/network/10-qemu.network": "[Match]\nName=eth0\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n",
	} {
		at := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o700), os.RemoveAll(at), os.WriteFile(at, []byte(text), 0o644)); err != nil {
			return err
		}
	}
	for unit, want := range map[string]string{
		"systemd-networkd.service": "multi-user.target.wants/", "ssh.service": "multi-user.target.wants/",
	} {
		link := filepath.Join(root, "etc/systemd/system", want, unit)
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			return err
		}
		if err := os.Symlink("/usr/lib/systemd/system/"+unit, link); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	for name, pattern := range map[string]string{"vmlinuz": "vmlinuz-*", "initrd.img": "initrd.img-*"} {
		found, _ := filepath.Glob(filepath.Join(root, "boot", pattern))
		if len(found) == 0 {
			return Unavailable("the root of the virtual machine has no /boot/" + pattern)
		}
		slices.Sort(found)
		if err := run(ctx, "cp", found[len(found)-1], filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return run(ctx, "mke2fs", "-q", "-t", "ext4", "-d", root, filepath.Join(dir, "root.img"), size)
}

// run runs a program that is killed with the caller.
func run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot run %s: %w\n%s", name, err, out)
	}
	return nil
}
