package provision

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// InUserTerms is err, about a request on t, as its user can act on it: what the kernel says of a path does not tell
// that it lies in an image of somebody else, nor that /proc is missing.
func (t Target) InUserTerms(err error) error {
	switch {
	case errors.Is(err, host.ErrNoProc):
		return &report.Error{
			Code: "no-proc", Message: "cannot work here", Err: host.ErrNoProc,
			Hint: "in a chroot, mount it (mount -t proc proc /proc), or work from outside: tcptune … --root DIR",
		}
	case t.Root != "" && errors.Is(err, fs.ErrPermission) && !errors.As(err, new(named)) && owner(t.Root) != "":
		return &report.Error{
			Code:    "permission-denied",
			Message: fmt.Sprintf("cannot work on the image in %s, which belongs to %s", t.Root, owner(t.Root)), Err: err,
			Hint: "the paths are those inside of the image; run this as its owner, with sudo where that is root",
		}
	}
	return err
}

// named is an error about a file that the command line names: it lies on this machine, whatever the request is about.
type named struct{ error }

func (n named) Unwrap() error { return n.error }

// owner is whose folder dir is, "" for one's own and for one that cannot be looked at.
func owner(dir string) string {
	fi, err := os.Stat(dir)
	if err != nil {
		return ""
	}
	s, ok := fi.Sys().(*syscall.Stat_t)
	switch {
	case !ok || int(s.Uid) == os.Geteuid():
		return ""
	case s.Uid == 0:
		return "root"
	}
	return fmt.Sprintf("user %d", s.Uid)
}
