package sockdiag

import (
	"encoding/binary"
	"strings"

	"golang.org/x/sys/unix"
)

// Structs and numbers of the kernel's include/uapi/linux/unix_diag.h.
const (
	unixRequestSize = 24 // struct unix_diag_req
	unixMessageSize = 16 // struct unix_diag_msg
	unixShowName    = 1 << 0
	unixShowFile    = 1 << 1
	unixShowQueue   = 1 << 4
	unixName        = 0
	unixFile        = 1
	unixQueue       = 4
	unixUnbound     = 7 // TCP_CLOSE, the state of one that neither listens nor is connected, as all of datagrams
)

// Unix is a Unix socket that is bound and not connected.
type Unix struct {
	Path      string
	File      uint32 // the inode of the path at which it was bound, its lower half; a path may lead elsewhere by now
	Listening bool
	Waiting   uint32 // of one that listens: clients that nobody has accepted
}

// EachUnix calls each for every Unix socket of the network namespace that is bound to a path and not connected. Where
// the kernel has no unix_diag it is unix.ENOENT.
func EachUnix(each func(Unix)) error {
	b := make([]byte, unixRequestSize)
	b[0] = unix.AF_UNIX
	binary.NativeEndian.PutUint32(b[4:], 1<<Listening|1<<unixUnbound)
	binary.NativeEndian.PutUint32(b[12:], unixShowName|unixShowFile|unixShowQueue)
	return Dump(b, func(m []byte) {
		if s := readUnix(m); strings.HasPrefix(s.Path, "/") {
			each(s)
		}
	})
}

func readUnix(message []byte) (s Unix) {
	s.Listening = message[2] == Listening
	attributes(message[unixMessageSize:], func(kind uint16, value []byte) {
		switch {
		case kind == unixName:
			s.Path = unix.ByteSliceToString(value) // "" where it begins with a zero and has no path
		case kind == unixFile && len(value) >= 4:
			s.File = binary.NativeEndian.Uint32(value)
		case kind == unixQueue && len(value) >= 4 && s.Listening:
			s.Waiting = binary.NativeEndian.Uint32(value)
		}
	})
	return s
}
