package plan

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// TestAFileIsMovedAsideWhole holds that nothing of the file is written: what has its inode has its mode, owner, times
// and extended attributes.
func TestAFileIsMovedAsideWhole(t *testing.T) {
	root := t.TempDir()
	p := filepath.Join(root, "x.conf")
	if err := os.WriteFile(p, []byte("a = 1\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	old := time.Date(2020, 2, 2, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(p, old, old); err != nil {
		t.Fatal(err)
	}
	hasAttr := unix.Setxattr(p, "user.note", []byte("mine"), 0) == nil // not every file system has them
	h, err := host.At(root)
	if err != nil {
		t.Fatal(err)
	}
	before := stat(t, p)
	e := retireEffect{h: h}
	value, err := e.observe(t.Context(), "/x.conf")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.write(t.Context(), "/x.conf", nil, 0); err != nil {
		t.Fatal(err)
	}
	if now, err := e.observe(t.Context(), "/x.conf"); now != nil || err != nil {
		t.Errorf("it is still there: %v, %v", now, err)
	}
	if aside := stat(t, RetiredAs(p)); aside != before {
		t.Errorf("aside it is %+v, want %+v", aside, before)
	}
	if err := e.write(t.Context(), "/x.conf", value, 0); err != nil {
		t.Fatal(err)
	}
	if after := stat(t, p); after != before {
		t.Errorf("back it is %+v, want %+v", after, before)
	}
	buf := make([]byte, 16)
	if n, err := unix.Getxattr(p, "user.note", buf); hasAttr && (err != nil || string(buf[:n]) != "mine") {
		t.Errorf("its attribute is %q, %v", buf[:max(n, 0)], err)
	}
}

// facts of a file that a move leaves alone.
type fileFacts struct {
	inode      uint64
	mode       uint32
	uid, gid   uint32
	size, time int64
}

func stat(t *testing.T, p string) fileFacts {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Lstat(p, &st); err != nil {
		t.Fatal(err)
	}
	return fileFacts{st.Ino, st.Mode, st.Uid, st.Gid, st.Size, st.Mtim.Nano()}
}

// A file that was edited while it lay aside, or whose place is taken by then, is not moved back over anything.
func TestWhatIsNotThatFileIsNotMovedBack(t *testing.T) {
	root := t.TempDir()
	p := filepath.Join(root, "x.conf")
	if err := os.WriteFile(p, []byte("a = 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	h, err := host.At(root)
	if err != nil {
		t.Fatal(err)
	}
	e := retireEffect{h: h}
	value, err := e.observe(t.Context(), "/x.conf")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.write(t.Context(), "/x.conf", nil, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte("new\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := e.write(t.Context(), "/x.conf", value, 0); err == nil {
		t.Error("it was moved over another file")
	}
	if err := e.write(t.Context(), "/x.conf", nil, 0); err == nil {
		t.Error("another file was moved over it")
	}
	if err := os.Remove(p); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(RetiredAs(p), []byte("edited\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := e.write(t.Context(), "/x.conf", value, 0); err == nil {
		t.Error("it was moved back although it was edited")
	}
}
