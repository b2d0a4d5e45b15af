package fetch_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/test/mirror"
)

// inRoom is set in the process that has a mount namespace of its own.
const inRoom = "TCPTUNE_INSTALLER_ROOM"

// ownMounts runs the calling test once more, in a mount namespace of its own, and reports whether this is that run.
func ownMounts(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inRoom) != "" {
		return true
	}
	if os.Getuid() != 0 {
		t.Skip("needs root, to mount a small file system")
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inRoom+"=1", "GOCOVERDIR="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

func mountSmall(t *testing.T, dir, options string) {
	t.Helper()
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
}

func TestAFullDiskLeavesNothing(t *testing.T) {
	t.Parallel()
	if !ownMounts(t) {
		return
	}
	zeros := file("go/src/zeros", strings.Repeat("\x00", 16<<20), 0o644) // 16 KB in the archive
	many := toolchain("go1.26.3", 0)
	for i := range 1000 {
		many = append(many, file(fmt.Sprintf("go/src/%d.go", i), strings.Repeat("\x00", 16<<10), 0o644))
	}
	for name, tt := range map[string]struct {
		options string
		entries []entry
	}{
		"seen before":                 {"size=1m", toolchain("go1.26.3", noise)},
		"too few inodes":              {"size=64m,nr_inodes=100", toolchain("go1.26.3", 0)},
		"found while writing":         {"size=8m,nr_inodes=0", append(toolchain("go1.26.3", 0), zeros)},
		"found by one of the writers": {"size=8m,nr_inodes=0", many},
	} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t, mirror.Archive{Data: pack(t, tt.entries...)})
			mountSmall(t, s.room, tt.options)
			_, err := s.install(t, "1.26.3")
			wantCode(t, err, fetch.NoSpace)
			left, _ := filepath.Glob(s.room + "/*")
			if len(left) > 0 {
				t.Errorf("left: %q", left)
			}
		})
	}
}

// Resuming is a comfort: where the cache has no room, the download goes on without.
func TestAFullCacheDoesNotStopADownload(t *testing.T) {
	t.Parallel()
	if !ownMounts(t) {
		return
	}
	s := openShop(t, mirror.Archive{Data: pack(t, toolchain("go1.26.3", noise)...)})
	mountSmall(t, s.config.CacheDir, "size=1m")
	if _, err := s.install(t, "1.26.3"); err != nil {
		t.Fatal(err)
	}
	if left := s.leftovers(t); len(left) != 1 {
		t.Errorf("left: %q", left)
	}
}

func TestACacheThatCannotBeWrittenDoesNotStopADownload(t *testing.T) {
	t.Parallel()
	s := openShop(t, mirror.Archive{})
	s.config.CacheDir = "/proc/nowhere"
	if _, err := s.install(t, "1.26.3"); err != nil {
		t.Error(err)
	}
	s.config.CacheDir = ""
	s.room = t.TempDir()
	if _, err := s.install(t, "1.26.3"); err != nil {
		t.Error(err)
	}
	m := openModuleShop(t)
	m.config.CacheDir = "/proc/nowhere"
	if _, err := m.install(t, "1.26.3"); err != nil {
		t.Error(err)
	}
}
