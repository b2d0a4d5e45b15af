package plan

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// image is an empty image, and the name of its lock.
func image(t *testing.T) (h host.Host, lock string) {
	t.Helper()
	h, err := host.At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return h, filepath.Join(h.Root(), imageLockName)
}

func TestTheLockOfAnImageIsAFileOfItsOwnerWhileItIsHeld(t *testing.T) {
	t.Parallel()
	h, name := image(t)
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(h.Root(), past, past); err != nil {
		t.Fatal(err)
	}
	if Busy(h) {
		t.Error("busy before it was locked")
	}
	for range 2 {
		held, err := lock(t.Context(), h, 0)
		if err != nil {
			t.Fatal(err)
		}
		fi, err := os.Lstat(name)
		if err != nil || fi.Mode() != 0o600 {
			t.Errorf("the lock is %v, %v; want a file of mode 600", fi, err)
		}
		if _, err := lock(t.Context(), h, 0); !errors.Is(err, ErrBusy) || !Busy(h) {
			t.Errorf("it is held, and got %v", err)
		}
		if err := held.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("left behind: %v", err)
		}
		if fi, err := os.Stat(h.Root()); err != nil || !fi.ModTime().Equal(past) {
			t.Errorf("the folder was changed: %v", err)
		}
	}
}

func TestWhoCanOnlyReadAnImageHoldsNobodyOff(t *testing.T) {
	t.Parallel()
	h, name := image(t)
	dir, err := os.Open(h.Root())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := flock(dir); err != nil {
		t.Fatal(err)
	}
	held, err := lock(t.Context(), h, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = held.Close()

	// What somebody has put there for others to hold, or for root to open, is refused unopened.
	for what, put := range map[string]func() error{
		"a file that others can read": func() error { return os.WriteFile(name, nil, 0o644) },
		"a named pipe":                func() error { return unix.Mkfifo(name, 0o600) },
		"a link":                      func() error { return os.Symlink("etc/passwd", name) },
		"a folder":                    func() error { return os.Mkdir(name, 0o700) },
	} {
		if err := put(); err != nil {
			t.Fatal(err)
		}
		if _, err := lock(t.Context(), h, time.Minute); !report.Is(err, "foreign-lock") {
			t.Errorf("%s: got %v", what, err)
		}
		if Busy(h) {
			t.Errorf("%s: nobody is at work", what)
		}
		if err := os.Remove(name); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatAKilledCommandHasLeftIsTakenAndRemoved(t *testing.T) {
	t.Parallel()
	h, name := image(t)
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	held, err := lock(t.Context(), h, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := held.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
}

func TestOneAtATimeHoldsTheLockOfAnImage(t *testing.T) {
	t.Parallel()
	h, _ := image(t)
	var holders, held atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				l, err := lock(t.Context(), h, 10*time.Minute)
				if err != nil {
					t.Error(err)
					return
				}
				if holders.Add(1) != 1 {
					t.Error("two hold the lock")
				}
				held.Add(1)
				runtime.Gosched()
				holders.Add(-1)
				_ = l.Close()
			}
		})
	}
	all.Wait()
	if held.Load() != 80 {
		t.Errorf("it was held %d times, want 80", held.Load())
	}
}

// as runs do with the rights of a user on files. The thread ends with it.
func as(uid int, do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked
		_ = unix.Setfsgid(uid)
		_ = unix.Setfsuid(uid)
		do()
	}()
	<-done
}

func TestAllWhoMayWriteToAnImageExcludeEachOther(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root acts as two users")
	}
	t.Parallel()
	const owner, member, stranger = 64101, 64102, 64103
	dir, err := os.MkdirTemp("", "tcptune-image") // the folders of t are closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	h, err := host.At(dir)
	if err != nil {
		t.Fatal(err)
	}
	// It belongs to owner and to the group of member.
	if err := errors.Join(os.Chown(dir, owner, member), os.Chmod(dir, 0o775)); err != nil {
		t.Fatal(err)
	}
	for _, holder := range []int{0, owner, member} {
		var held locker
		as(holder, func() { held, err = lock(t.Context(), h, 0) })
		if err != nil {
			t.Fatalf("user %d: %v", holder, err)
		}
		for _, other := range []int{0, owner, member} {
			as(other, func() { _, err = lock(t.Context(), h, 0) })
			if !errors.Is(err, ErrBusy) {
				t.Errorf("user %d holds it, and user %d got %v", holder, other, err)
			}
		}
		as(stranger, func() { _, err = os.Open(filepath.Join(dir, imageLockName)) })
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("user %d holds it, and a stranger got %v", holder, err)
		}
		if holder == 0 { // what root leaves when it is killed must not lock the owner out
			fi, err := os.Lstat(filepath.Join(dir, imageLockName))
			if err != nil || fi.Sys().(*syscall.Stat_t).Uid != owner {
				t.Errorf("root has made it its own: %v", err)
			}
		}
		as(holder, func() { err = held.Close() })
		if err != nil {
			t.Error(err)
		}
	}
	as(stranger, func() { _, err = lock(t.Context(), h, 0) })
	if !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a stranger got %v", err)
	}
}
