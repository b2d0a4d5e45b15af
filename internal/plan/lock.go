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
)

// lockPath is on a file system that is empty after a reboot. Its folder belongs to root, so no link can be planted.
const lockPath = "/run/tcptune.lock"

// lockPoll is how often a waiting tcptune tries again: flock(2) cannot wait for a limited time by itself.
const lockPoll = 20 * time.Millisecond

// lock takes the one lock of a host, waiting for it no longer than wait. The lock is an flock(2): it goes away with the
// process however that ends. An image is locked by its root directory, so that no file is left in it.
func lock(ctx context.Context, h host.Host, wait time.Duration) (*os.File, error) {
	f, err := openLock(h)
	if err != nil {
		return nil, fmt.Errorf("cannot take the lock %s: %w", lockPath, host.Cause(err))
	}
	since := time.Now()
	deadline := since.Add(wait)
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			h.Trail().Step("locks", slog.String("path", f.Name()), slog.Duration("took", time.Since(since)))
			return f, nil
		case errors.Is(err, unix.EINTR):
			continue
		case !errors.Is(err, unix.EWOULDBLOCK):
			_ = f.Close()
			return nil, fmt.Errorf("cannot take the lock %s: %w", lockPath, err)
		case !time.Now().Before(deadline):
			_ = f.Close()
			return nil, ErrBusy
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, ErrInterrupted
		case <-time.After(min(lockPoll, time.Until(deadline)+time.Millisecond)):
		}
	}
}

// Busy reports whether another tcptune may be changing h just now. Who cannot see the lock hears false.
func Busy(ctx context.Context, h host.Host) bool {
	l, err := lock(ctx, h, 0)
	if err == nil {
		_ = l.Close()
	}
	return errors.Is(err, ErrBusy)
}

func openLock(h host.Host) (*os.File, error) {
	if !h.Live() {
		return os.Open(h.Root())
	}
	fd, err := unix.Open(lockPath, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), lockPath), nil
}
