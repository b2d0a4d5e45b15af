package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Where sysctl files come from, besides /etc, which is private as a whole.
var sysctlDirs = []string{"/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d"}

// These belong to the whole machine: a network namespace does not separate them.
var machineKeys = []string{"/proc/sys/kernel", "/proc/sys/vm", "/proc/sys/fs"}

// isolate gives this process a /proc of its own PID namespace, a /var/log that ends with it, and a loopback interface that
// is up.
func isolate() error {
	err := errors.Join(
		syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""),
		syscall.Mount("proc", "/proc", "proc", 0, ""),
		syscall.Mount("tmpfs", "/var/log", "tmpfs", 0, "mode=755"),
	)
	if err != nil {
		return fmt.Errorf("cannot make a private /proc and /var/log: %w", err)
	}
	if err := exec.Command("ip", "link", "set", "lo", "up").Run(); err != nil {
		return fmt.Errorf("cannot set up the network namespace: %w", err)
	}
	return nil
}

// furnish makes the mount namespace that this process is in fit for the comparison: nothing that is written in it
// reaches the machine, and /etc/sysctl.d holds the network settings of the fixture.
func furnish(fixture string) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	// tcptune asks dpkg's status for the version of procps and of systemd.
	if err := replace("/var/lib", "dpkg/status"); err != nil {
		return err
	}
	if err := replace("/etc", "."); err != nil {
		return err
	}
	for _, dir := range append([]string{"/var/log"}, sysctlDirs...) {
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=755"); err != nil {
			return err
		}
	}
	for _, dir := range machineKeys {
		if err := syscall.Mount(dir, dir, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
			return err
		}
		if err := syscall.Mount("", dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			return err
		}
	}
	return install(fixture)
}

// replace puts a tmpfs in the place of dir, holding a copy of what is at keep below it.
func replace(dir, keep string) error {
	room, err := os.MkdirTemp("", "tcptune-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(room) }() // an empty folder again once the mount has moved
	if err := syscall.Mount("tmpfs", room, "tmpfs", 0, "mode=755"); err != nil {
		return err
	}
	to := filepath.Join(room, keep)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, keep)); err == nil {
		if err := exec.Command("cp", "-a", "-T", filepath.Join(dir, keep), to).Run(); err != nil {
			return err
		}
	}
	return syscall.Mount(room, dir, "", syscall.MS_MOVE, "")
}

// install fills /etc/sysctl.d and /etc/sysctl.conf with the files of the fixture, less the keys that belong to the
// whole machine.
func install(fixture string) error {
	if err := os.RemoveAll("/etc/sysctl.d"); err != nil {
		return err
	}
	if err := os.Mkdir("/etc/sysctl.d", 0o755); err != nil {
		return err
	}
	for _, dir := range []string{"/usr/lib/sysctl.d", "/etc/sysctl.d"} { // as they mask each other, by name
		files, err := filepath.Glob(filepath.Join(fixture, dir, "*.conf"))
		if err != nil {
			return err
		}
		for _, from := range files {
			if err := copyOwnKeys(from, filepath.Join("/etc/sysctl.d", filepath.Base(from))); err != nil {
				return err
			}
		}
	}
	return copyOwnKeys(fixture+"/etc/sysctl.conf", "/etc/sysctl.conf")
}

func copyOwnKeys(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var kept strings.Builder
	for line := range strings.Lines(string(text)) {
		key := strings.TrimLeft(line, "-")
		if strings.HasPrefix(key, "net.ipv4.") || strings.HasPrefix(key, "#") || strings.TrimSpace(key) == "" {
			kept.WriteString(line)
		}
	}
	return os.WriteFile(to, []byte(kept.String()), 0o644)
}
