package host

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Exec replaces this process by a command, which keeps its number, its folder, its limits and the descriptors 0, 1 and
// 2; all others are closed, also those that a caller of ours had left open. It comes back only with an error, and then
// this process goes on, but without having its other descriptors inherited any more. For argv[0] see
// [Host.LookCommand].
//
// Signals that are caught go back to their default, and ignored ones stay ignored (execve(2)). Of those that our own
// caller ignored, SIGHUP and SIGINT (nohup, a job of a shell in the background) are still so; the others, SIGPIPE under
// systemd for one, were caught by Go's runtime at start, which cannot be asked what they had been: they are back to
// their default.
func (h Host) Exec(argv []string, env []string) error {
	if !h.Live() {
		return ErrNoKernel
	}
	if len(argv) == 0 {
		return errNoCommand
	}
	file, err := h.LookCommand(argv[0], env)
	if err != nil {
		return err
	}
	if err := closeOnExec(); err != nil {
		return fmt.Errorf("cannot run %s: %w", argv[0], err)
	}
	err = unix.Exec(file, argv, env)
	if errors.Is(err, fs.ErrNotExist) && h.runnable(file) == nil {
		// The file is there: what is missing is in its first line, or is the loader of another C library.
		return fmt.Errorf("cannot run %s: its interpreter is missing: %w", argv[0], err)
	}
	return fmt.Errorf("cannot run %s: %w", argv[0], err)
}

var errNoCommand = errors.New("cannot run a command without a name")

// LookCommand returns the file that [Host.Exec] would run for a name. One with a slash is used as it is. Any other is
// looked for in the absolute folders of PATH in env, without PATH in /usr/sbin, /usr/bin, /sbin and /bin; never in the
// current folder, which an empty entry of PATH means to a shell: root may stand in anybody's when calling us. It is
// fs.ErrNotExist when there is none, os.ErrPermission when there is but it may not be run, and [ErrNoKernel] on an
// image.
func (h Host) LookCommand(name string, env []string) (string, error) {
	switch {
	case !h.Live():
		return "", ErrNoKernel
	case name == "":
		return "", errNoCommand
	case strings.Contains(name, "/"):
		if err := h.executable(name); err != nil {
			return "", fmt.Errorf("cannot run %s: %w", name, err)
		}
		return name, nil
	}
	// As a shell does, go on after a file that may not be run, but do not say then that there was none.
	found := fmt.Errorf("%w in PATH", fs.ErrNotExist)
	for dir := range strings.SplitSeq(pathOf(env), ":") {
		if !path.IsAbs(dir) {
			continue
		}
		file := path.Join(dir, name)
		err := h.executable(file)
		if err == nil {
			return file, nil
		}
		if errors.Is(err, os.ErrPermission) && errors.Is(found, fs.ErrNotExist) {
			found = fmt.Errorf("%s: %w", file, err)
		}
	}
	return "", fmt.Errorf("cannot run %s: %w", name, found)
}

// pathOf returns the first PATH of env, which is the one that getenv(3) finds.
func pathOf(env []string) string {
	for _, entry := range env {
		if dirs, ok := strings.CutPrefix(entry, "PATH="); ok {
			return dirs
		}
	}
	return programPath
}

// executable asks the kernel whether this process, with the rights that it acts with, may run the file: that takes
// access lists and noexec mounts into account, which the mode does not show.
func (h Host) executable(file string) error {
	if err := h.runnable(file); err != nil {
		return err
	}
	return unix.Faccessat(unix.AT_FDCWD, file, unix.X_OK, unix.AT_EACCESS)
}

// closeOnExec marks all descriptors from 3 on. What Go opens is marked already; what we inherited is not.
func closeOnExec() error {
	err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
	if err == nil {
		return nil
	}
	// Linux before 5.9 has no close_range(2), and before 5.11 it lacks this flag.
	names, err := Host{}.ReadDir("/proc/self/fd")
	if err != nil {
		return fmt.Errorf("cannot list the open descriptors: %w", Cause(err))
	}
	for _, name := range names {
		// One that has closed by itself, as the folder that was just read, needs no mark.
		if fd, err := strconv.Atoi(name); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}
