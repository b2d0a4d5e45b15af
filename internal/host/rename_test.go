package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// tell lists what is below p, sorted.
func tell(t *testing.T, h Host, p string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(h.root, p), func(at string, _ fs.DirEntry, err error) error {
		names = append(names, strings.TrimPrefix(strings.TrimPrefix(at, h.root), "/"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestRenameReplacesNothing(t *testing.T) {
	t.Parallel()
	h := newRoot(t)
	mustMkdir(t, h, "/a", "/a/x", "/b")
	if err := h.Rename("/a/x", "/b/y"); err != nil {
		t.Fatal(err)
	}
	if got, want := tell(t, h, "/"), []string{"", "a", "b", "b/y"}; !slices.Equal(got, want) {
		t.Errorf("there is %q, want %q", got, want)
	}
	if err := h.Rename("/a", "/b/y"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over an empty folder: %v", err)
	}
	if err := h.Rename("/c", "/d"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of nothing: %v", err)
	}
}

func TestExchangeSwapsALinkAndAFolder(t *testing.T) {
	t.Parallel()
	h := newRoot(t)
	mustMkdir(t, h, "/a", "/a/inside")
	link(t, h, "elsewhere", "/b")
	if err := h.Exchange("/a", "/b"); err != nil {
		t.Fatal(err)
	}
	if text, err := h.Readlink("/a"); text != "elsewhere" {
		t.Errorf("/a is %q, %v", text, err)
	}
	if got, want := tell(t, h, "/b"), []string{"b", "b/inside"}; !slices.Equal(got, want) {
		t.Errorf("there is %q, want %q", got, want)
	}
	if err := h.Exchange("/a", "/c"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("with nothing: %v", err)
	}
}

func TestRemoveAllStaysInTheRoot(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "f"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h := newRoot(t)
	mustMkdir(t, h, "/a", "/a/b")
	link(t, h, outside, "/a/b/out")
	link(t, h, outside, "/l")
	for _, p := range []string{"/a", "/l", "/gone", "/l/no/such"} {
		if err := h.RemoveAll(p); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
	if got := tell(t, h, "/"); len(got) != 1 {
		t.Errorf("left are %q", got)
	}
	if _, err := os.Stat(filepath.Join(outside, "f")); err != nil {
		t.Errorf("followed a link: %v", err)
	}
	if err := h.RemoveAll("/"); !errors.Is(err, unix.EINVAL) {
		t.Errorf("of the root: %v", err)
	}
}

func TestMkdirAll(t *testing.T) {
	t.Parallel()
	h := newRoot(t)
	for range 2 {
		if err := h.MkdirAll("/a/b/c"); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.WriteFile("/a/f", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := h.MkdirAll("/a/f/g"); err == nil {
		t.Error("made a folder below a file")
	}
}

func TestOSPathResolvesLinksInsideTheRoot(t *testing.T) {
	t.Parallel()
	h := newRoot(t)
	mustMkdir(t, h, "/a")
	link(t, h, "/a", "/l")
	if got, err := h.OSPath("/l"); got != filepath.Join(h.Root(), "a") || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	if err := h.SyncFS("/a"); err != nil {
		t.Error(err)
	}
}

func TestRunProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out, err := Host{}.RunProgram(t.Context(), Program{
		Name: "sh", Args: []string{"-c", `echo "$PATH $LC_ALL $X $(pwd)"`}, Env: []string{"X=1", "LC_ALL=POSIX"}, Dir: dir,
	})
	if want := programPath + " POSIX 1 " + dir + "\n"; string(out) != want || err != nil {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
	_, err = Host{}.RunProgram(t.Context(), Program{Name: "sleep", Args: []string{"60"}, Time: 50 * time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "stopped") {
		t.Errorf("beyond its time: %v", err)
	}
}

func TestAnUnprivilegedProgramIsNobodyAndOwnsItsFolder(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	dir, err := os.MkdirTemp("/tmp", "tcptune-nobody-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := (Host{}).Give(dir, Nobody); err != nil {
		t.Fatal(err)
	}
	out, err := Host{}.RunProgram(t.Context(), Program{
		Name: "sh", Args: []string{"-c", "id -u; id -g; id -G; touch f && ls"}, Dir: dir, Unprivileged: true,
	})
	if got, want := strings.Join(strings.Fields(string(out)), " "), "65534 65534 65534 f"; got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	link := filepath.Join(dir, "l")
	if err := os.Symlink("/", link); err != nil {
		t.Fatal(err)
	}
	if err := (Host{}).Give(link, Nobody); err == nil {
		t.Error("gave away what a link leads to")
	}
}
