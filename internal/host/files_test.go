package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func newRoot(t *testing.T) Host {
	t.Helper()
	h, err := At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func mustMkdir(t *testing.T, h Host, paths ...string) {
	t.Helper()
	for _, p := range paths {
		if err := h.Mkdir(p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func link(t *testing.T, h Host, target, p string) {
	t.Helper()
	if err := os.Symlink(target, filepath.Join(h.root, p)); err != nil {
		t.Fatal(err)
	}
}

func TestSlashIsTheRunningMachine(t *testing.T) {
	t.Parallel()
	h, err := At("/")
	if err != nil || !h.Live() || h != (Host{}) || h.Root() != "/" {
		t.Errorf("%+v, %v", h, err)
	}
}

func TestRootMustBeAFolder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, file + "-missing"} {
		if _, err := At(dir); err == nil {
			t.Errorf("At(%s) succeeded", dir)
		}
	}
}

func TestWriteFileReplacesAtomicallyAndLeavesNothingElse(t *testing.T) {
	t.Parallel()
	h := newRoot(t)
	mustMkdir(t, h, "/etc")
	for _, text := range []string{"one", "two, longer", ""} {
		if err := h.WriteFile("/etc/f", []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
		got, err := h.ReadFile("/etc/f")
		if err != nil || string(got) != text {
			t.Errorf("read %q, %v", got, err)
		}
	}
	fi, err := h.Lstat("/etc/f")
	if err != nil || fi.Mode() != 0o640 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
	if names, _ := h.ReadDir("/etc"); !cmp.Equal(names, []string{"f"}) {
		t.Errorf("folder holds %v", names)
	}
}

func TestWriteFileReplacesALinkInsteadOfFollowingIt(t *testing.T) {
	t.Parallel()
	h := newRoot(t)
	mustMkdir(t, h, "/etc")
	outside := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(outside, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	link(t, h, outside, "/etc/f")
	link(t, h, outside, "/etc/.f"+tempSuffix)
	if err := h.WriteFile("/etc/f", []byte("ours"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(outside); string(got) != "precious" {
		t.Errorf("the file behind the link was written: %q", got)
	}
	if fi, err := h.Lstat("/etc/f"); err != nil || !fi.Mode().IsRegular() {
		t.Errorf("%v, %v", fi, err)
	}
}

func TestNoPathLeavesTheRoot(t *testing.T) {
	t.Parallel()
	h := newRoot(t)
	mustMkdir(t, h, "/etc", "/inside")
	secret := t.TempDir()
	if err := os.WriteFile(filepath.Join(secret, "f"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	link(t, h, secret, "/etc/absolute")
	link(t, h, "../../../../../../../../.."+secret, "/etc/relative")
	for _, p := range []string{"/etc/absolute/f", "/etc/relative/f", "/../../../.." + secret + "/f"} {
		if data, err := h.ReadFile(p); err == nil {
			t.Errorf("ReadFile(%s) = %q", p, data)
		}
		if err := h.WriteFile(p, []byte("x"), 0o644); err == nil {
			t.Errorf("WriteFile(%s) succeeded", p)
		}
	}
	if got, _ := os.ReadFile(filepath.Join(secret, "f")); string(got) != "secret" {
		t.Errorf("secret is %q", got)
	}
}

func TestLinksResolveInsideTheRoot(t *testing.T) {
	t.Parallel()
	h := newRoot(t)
	mustMkdir(t, h, "/etc", "/usr", "/usr/lib")
	if err := h.WriteFile("/usr/lib/os-release", []byte("ID=x"), 0o644); err != nil {
		t.Fatal(err)
	}
	link(t, h, "/usr/lib/os-release", "/etc/os-release")
	got, err := h.ReadFile("/etc/os-release")
	if err != nil || string(got) != "ID=x" {
		t.Errorf("read %q, %v", got, err)
	}
	if p, err := h.Resolve("/etc/os-release"); err != nil || p != "/usr/lib/os-release" {
		t.Errorf("Resolve = %q, %v", p, err)
	}
	if p, err := h.Readlink("/etc/os-release"); err != nil || p != "/usr/lib/os-release" {
		t.Errorf("Readlink = %q, %v", p, err)
	}
	if fi, err := h.Stat("/etc/os-release"); err != nil || !fi.Mode().IsRegular() {
		t.Errorf("Stat = %v, %v", fi, err)
	}
	if fi, err := h.Lstat("/etc/os-release"); err != nil || fi.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("Lstat = %v, %v", fi, err)
	}
}

func TestRemoveIsSilentAboutWhatIsNotThere(t *testing.T) {
	t.Parallel()
	h := newRoot(t)
	mustMkdir(t, h, "/etc")
	if err := h.Remove("/etc/f"); err != nil {
		t.Error(err)
	}
	if err := h.Remove("/no/such/folder/f"); err != nil {
		t.Error(err)
	}
	if err := h.Remove("/etc"); err != nil {
		t.Error(err)
	}
	if _, err := h.Lstat("/etc"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("empty folder is still there: %v", err)
	}
}

func TestRemoveKeepsAFolderThatHoldsSomething(t *testing.T) {
	t.Parallel()
	h := newRoot(t)
	mustMkdir(t, h, "/etc", "/etc/x")
	if err := h.Remove("/etc"); err == nil {
		t.Error("removed a folder that is not empty")
	}
}

func TestOnlyRegularFilesAreRead(t *testing.T) {
	t.Parallel()
	h := newRoot(t)
	mustMkdir(t, h, "/etc")
	if _, err := h.ReadFile("/etc"); err == nil {
		t.Error("read a folder")
	}
	if err := unix.Mkfifo(filepath.Join(h.Root(), "etc/fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := h.ReadFile("/etc/fifo"); err == nil || !strings.HasSuffix(err.Error(), "it is no regular file") {
		t.Error(err)
	}
	if _, err := h.ReadFile("relative"); err == nil {
		t.Error("read a relative path")
	}
}

func TestHugeFileIsNotRead(t *testing.T) {
	t.Parallel()
	h := newRoot(t)
	if err := os.WriteFile(filepath.Join(h.Root(), "log"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(h.Root(), "log"), boundOf("/log").Bytes+1); err != nil {
		t.Fatal(err)
	}
	if _, err := h.ReadFile("/log"); !errors.Is(err, ErrTooLong) {
		t.Error(err)
	}
}

func TestWriteLinkReplacesWhatIsThere(t *testing.T) {
	t.Parallel()
	h := newRoot(t)
	mustMkdir(t, h, "/etc", "/elsewhere")
	link(t, h, "/elsewhere", "/etc/l")
	if err := os.WriteFile(filepath.Join(h.root, "etc/.l.tcptune-new"), nil, 0o600); err != nil { // a killed run left it
		t.Fatal(err)
	}
	for _, target := range []string{"../nowhere", "/etc/systemd/system/x.socket"} {
		if err := h.WriteLink("/etc/l", target); err != nil {
			t.Fatal(err)
		}
		if got, err := h.Readlink("/etc/l"); err != nil || got != target {
			t.Errorf("it leads to %q, %v; want %q", got, err, target)
		}
	}
	if names, err := h.ReadDir("/etc"); err != nil || len(names) != 1 {
		t.Errorf("left behind: %v, %v", names, err)
	}
	if err := h.WriteLink("/missing/l", "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a folder: %v", err)
	}
}
