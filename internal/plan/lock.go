package plan

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// lockPath is on a file system that is empty after a reboot. Its folder belongs to root, so no link can be planted.
const lockPath = "/run/tcptune.lock"

// lockPoll is how often a waiting tcptune tries again: flock(2) cannot wait for a limited time by itself.
const lockPoll = 20 * time.Millisecond

// locker is a lock that may be tried more than once. Closing it gives it back.
type locker interface {
	try() error // [ErrBusy] while another tcptune holds it
	name() string
	Close() error
}

// lock takes the one lock of a host, waiting for it no longer than wait. The lock is an flock(2): it goes away with the
// process however that ends.
func lock(ctx context.Context, h host.Host, wait time.Duration) (locker, error) {
	l, err := openLock(h)
	if err != nil {
		return nil, err
	}
	defer h.Trail().Waits("another tcptune to finish")()
	since := time.Now()
	deadline := since.Add(wait)
	for {
		err := l.try()
		switch {
		case err == nil:
			h.Trail().Step("locks", slog.String("path", l.name()), slog.Duration("took", time.Since(since)))
			return l, nil
		case !errors.Is(err, ErrBusy):
			_ = l.Close()
			return nil, notLocked(l.name(), err)
		case !time.Now().Before(deadline):
			_ = l.Close()
			return nil, ErrBusy
		}
		select {
		case <-ctx.Done():
			_ = l.Close()
			return nil, ErrInterrupted
		case <-time.After(min(lockPoll, time.Until(deadline)+time.Millisecond)):
		}
	}
}

func notLocked(name string, err error) error {
	if _, ours := errors.AsType[*report.Error](err); ours {
		return err
	}
	return fmt.Errorf("cannot take the lock %s: %w", name, host.Cause(err))
}

// Busy reports whether another tcptune may be changing h just now. Who cannot see the lock hears false.
func Busy(h host.Host) bool {
	l, err := openLock(h)
	if err != nil {
		return false
	}
	defer l.Close()
	if image, ok := l.(*imageLock); ok {
		return image.taken()
	}
	return errors.Is(l.try(), ErrBusy)
}

func openLock(h host.Host) (locker, error) {
	if !h.Live() {
		dir, err := os.OpenFile(h.Root(), os.O_RDONLY|unix.O_DIRECTORY, 0)
		if err != nil {
			return nil, notLocked(h.Root(), err)
		}
		return &imageLock{h: h, dir: dir}, nil
	}
	fd, err := unix.Open(lockPath, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, notLocked(lockPath, err)
	}
	return fileLock{os.NewFile(uintptr(fd), lockPath)}, nil
}

// fileLock is the lock of the running machine, a file that stays.
type fileLock struct{ *os.File }

func (l fileLock) try() error   { return flock(l.File) }
func (l fileLock) name() string { return l.Name() }

// flock locks f, or returns [ErrBusy].
func flock(f *os.File) error {
	for {
		switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
		case errors.Is(err, unix.EWOULDBLOCK):
			return ErrBusy
		case !errors.Is(err, unix.EINTR):
			return err
		}
	}
}
