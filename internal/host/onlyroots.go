package host

import (
	"io/fs"
	"path"
	"strings"
	"syscall"
)

// maxLinks is how many links on the way to a file the kernel follows: path_resolution(7).
const maxLinks = 40

// OnlyRoots reports whether nobody but root decides what is at p: root owns it, each folder above it and each link on
// the way, and nobody else may write there. In a folder like /tmp others may, but not to what is root's (S_ISVTX,
// inode(7)). What is not there, or cannot be looked at, is false.
func (h Host) OnlyRoots(p string) bool {
	at, rest, links := "/", strings.Split(p, "/"), 0
	if !path.IsAbs(p) || !h.rootsAlone(at) {
		return false
	}
	for len(rest) > 0 {
		next := path.Join(at, rest[0]) // at has no link in it: so ".." is what the kernel takes it for
		rest = rest[1:]
		if !h.rootsAlone(next) {
			return false
		}
		text, err := h.Readlink(next)
		if err != nil { // it is no link
			at = next
			continue
		}
		if links++; links > maxLinks {
			return false
		}
		if path.IsAbs(text) {
			at = "/"
		}
		rest = append(strings.Split(text, "/"), rest...)
	}
	return true
}

// rootsAlone is the answer of [Host.OnlyRoots] for one step of the way. The mode of a link says nothing.
func (h Host) rootsAlone(p string) bool {
	fi, err := h.Lstat(p)
	if err != nil {
		return false
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	shared := fi.Mode()&0o022 != 0 && !(fi.IsDir() && fi.Mode()&fs.ModeSticky != 0)
	return ok && st.Uid == 0 && (!shared || fi.Mode()&fs.ModeSymlink != 0)
}
