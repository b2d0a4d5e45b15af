package host

import "golang.org/x/sys/unix"

// IsRoot reports whether this process may do what root may: its effective user is 0.
func (h Host) IsRoot() bool { return unix.Geteuid() == 0 }

// MayHave reports whether a process started from here, root included, can have the capability at all: whether it is in
// the bounding set, see capabilities(7). The numbers are those of golang.org/x/sys/unix, CAP_SYS_MODULE for one.
// It is false on an image.
func (h Host) MayHave(capability int) bool {
	if !h.Live() {
		return false
	}
	n, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, uintptr(capability), 0, 0, 0)
	return err == nil && n == 1
}
