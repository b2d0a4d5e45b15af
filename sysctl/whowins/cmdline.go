package whowins

import (
	"errors"
	"io/fs"
	"strings"
)

const procCmdline = "/proc/cmdline"

// cmdline reads the kernel's command line. The next boot is taken to have the same one; what an image will be booted
// with is not known.
func (c *confReader) cmdline() (string, error) {
	if !live(c.Reader) {
		return "", nil
	}
	text, err := c.ReadFile(procCmdline)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return string(text), err
}

// bootParameters returns the keys that the kernel itself sets before init from parameters such as
// sysctl.net.ipv4.tcp_sack=0 (Linux 5.8, process_sysctl_arg in fs/proc/proc_sysctl.c).
func bootParameters(cmdline string) []assignment {
	var list []assignment
	for word := range strings.FieldsSeq(cmdline) {
		name, value, found := strings.Cut(word, "=")
		key, sysctl := strings.CutPrefix(name, "sysctl")
		if !found || !sysctl || key == "" || key[0] != '.' && key[0] != '/' {
			continue
		}
		p := strings.ReplaceAll(key[1:], ".", "/")
		list = append(list, assignment{path: p, key: p, value: value, origin: Origin{File: procCmdline}})
	}
	return list
}
