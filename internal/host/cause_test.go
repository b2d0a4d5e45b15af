package host

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestCauseIsTheInnermostReason(t *testing.T) {
	t.Parallel()
	denied := fmt.Errorf("%w by the policy", unix.EACCES)
	for name, c := range map[string]struct{ err, want error }{
		"nothing":             {nil, nil},
		"no wrapping":         {io.EOF, io.EOF},
		"a path":              {&fs.PathError{Op: "open", Path: "/x", Err: unix.ENOENT}, unix.ENOENT},
		"two paths":           {&os.LinkError{Op: "rename", Old: "/x", New: "/y", Err: unix.EXDEV}, unix.EXDEV},
		"a system call":       {os.NewSyscallError("fcntl", unix.EBADF), unix.EBADF},
		"a call below a path": {&fs.PathError{Op: "open", Path: "/x", Err: os.NewSyscallError("openat", unix.EIO)}, unix.EIO},
		"a path below a call": {os.NewSyscallError("fork", &fs.PathError{Op: "open", Path: "/x", Err: unix.EIO}), unix.EIO},
		"below other words":   {fmt.Errorf("cannot start: %w", &fs.PathError{Op: "open", Path: "/x", Err: unix.EIO}), unix.EIO},
		"words of its own":    {&fs.PathError{Op: "write", Path: "/x", Err: denied}, denied},
	} {
		if got := Cause(c.err); got != c.want { //nolint:errorlint // the very error, with nothing around it
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
