package host

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

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
