package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAShortFileIsReadAndNothingElse(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	h, err := At(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, size := range map[string]int{"fits": 8, "long": 9} {
		if err := os.WriteFile(filepath.Join(root, name), make([]byte, size), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// A FIFO would block whoever opens it, and a socket or a device may act.
	if err := unix.Mkfifo(filepath.Join(root, "fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	for to, from := range map[string]string{"fits": "link", "fifo": "link-to-fifo", "/etc/passwd": "link-out"} {
		if err := os.Symlink(to, filepath.Join(root, from)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]error{
		"/fits": nil, "/link": nil, "/long": ErrTooLong, "/none": fs.ErrNotExist, "/link-out": fs.ErrNotExist,
		"/fifo": unix.EINVAL, "/link-to-fifo": unix.EINVAL, "/": unix.EINVAL,
	} {
		got, err := h.ReadShort(name, 8)
		if !errors.Is(err, want) || err == nil && len(got) != 8 {
			t.Errorf("%s: got %d bytes, %v, want %v", name, len(got), err, want)
		}
	}
}

func TestATransientUserRunsAloneInAFolderOfItsOwn(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root starts programs as somebody else")
	}
	h := Host{}
	uid, err := h.TransientUser()
	if err != nil {
		t.Fatal(err)
	}
	if uid < transientFirst || uid > transientLast {
		t.Fatalf("got user %d", uid)
	}
	dir, err := os.MkdirTemp("", "tcptune-transient") // the folders of t are closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.RemoveAll(dir) })
	if err := h.Give(dir, uid); err != nil {
		t.Fatal(err)
	}
	if _, err := h.RunProgram(t.Context(), Program{Name: "touch", Args: []string{"made"}, Dir: dir, Unprivileged: true, User: uid}); err != nil {
		t.Fatal(err)
	}
	fi, err := os.Stat(filepath.Join(dir, "made"))
	if err != nil {
		t.Fatal(err)
	}
	if st := fi.Sys().(*syscall.Stat_t); int(st.Uid) != uid || int(st.Gid) != uid {
		t.Errorf("it ran as %d:%d, want %d", st.Uid, st.Gid, uid)
	}
	if _, err := h.RunProgram(t.Context(), Program{Name: "touch", Args: []string{"made"}, Dir: dir, Unprivileged: true}); err == nil {
		t.Error("nobody may write to its folder")
	}
}
