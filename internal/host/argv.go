package host

import (
	"bytes"
	"unsafe"
)

// Overwrite fills word with x. It is for the words of the command line as the program was given them, whose bytes are
// what /proc/PID/cmdline shows: everybody can read that, and journald stores it with each message (_CMDLINE). No copy
// of word may be in use, and it must not be a constant, which cannot be written to.
func Overwrite(word string) {
	copy(unsafe.Slice(unsafe.StringData(word), len(word)), bytes.Repeat([]byte("x"), len(word)))
}
