package host

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path"
	"syscall"

	"golang.org/x/sys/unix"
)

// Detach starts a process that outlives this one, its shell and the terminal: a session of its own, so that no SIGHUP
// of the terminal reaches it, no input or output, and "/" as its folder. argv[0] is an absolute path. It is for
// machines without systemd; elsewhere [Host.StartTimer] does this better. It is [ErrNoKernel] on an image.
func (h Host) Detach(argv []string) (pid int, err error) {
	if !h.Live() {
		return 0, ErrNoKernel
	}
	if len(argv) == 0 || !path.IsAbs(argv[0]) {
		return 0, errors.New("cannot start a detached process without an absolute path")
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return 0, fmt.Errorf("cannot start %s: %w", argv[0], err)
	}
	defer null.Close()
	// What Go opens is closed on exec. What we inherited is not: the pipe of a script that waits for its end, or the
	// lock of a caller, must not live on in the new process. Linux before 5.11 says EINVAL or ENOSYS, and keeps them.
	_ = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
	p, err := os.StartProcess(argv[0], argv, &os.ProcAttr{
		Dir:   "/",
		Env:   []string{"PATH=" + programPath, "LC_ALL=C"},
		Files: []*os.File{null, null, null},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return 0, fmt.Errorf("cannot start %s: %w", argv[0], Cause(err))
	}
	pid = p.Pid
	return pid, p.Release()
}
