package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestACopyOfATreeIsLikeIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h, err := At(dir)
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	err = errors.Join(os.MkdirAll(at("a/b"), 0o755), os.WriteFile(at("a/b/f"), []byte("text"), 0o640),
		os.Chmod(at("a/b/f"), 0o4750), os.Symlink("b/f", at("a/l")), os.Mkdir(at("a/closed"), 0o500),
		os.Chtimes(at("a/b/f"), time.Unix(1, 0), time.Unix(1e9, 5)), os.Chtimes(at("a/b"), time.Time{}, time.Unix(2e9, 0)))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.CopyTree("/a", "/c"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "/b", "/b/f", "/l", "/closed"} {
		was, err1 := os.Lstat(at("a" + name))
		is, err2 := os.Lstat(at("c" + name))
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		link := was.Mode()&fs.ModeSymlink != 0
		if is.Mode() != was.Mode() || !link && !is.ModTime().Equal(was.ModTime()) {
			t.Errorf("%q is %s of %s, want %s of %s", name, is.Mode(), is.ModTime(), was.Mode(), was.ModTime())
		}
	}
	if text, err := os.ReadFile(at("c/b/f")); string(text) != "text" {
		t.Errorf("the file holds %q, %v", text, err)
	}
	if text, err := os.Readlink(at("c/l")); text != "b/f" {
		t.Errorf("the link leads to %q, %v", text, err)
	}

	// What is no file is not copied, nothing is copied over, and nothing is left of half a copy.
	if err := unix.Mkfifo(at("a/b/pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.CopyTree("/a", "/d"); err == nil {
		t.Error("a pipe was copied")
	}
	if _, err := os.Lstat(at("d")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("half a copy is left: %v", err)
	}
	if err := h.CopyTree("/a/closed", "/c"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over what is there: %v", err)
	}
}
