package bench

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"
)

// available is MemAvailable in bytes, or 0.
func available() uint64 { return memoryOf("/proc/meminfo", "MemAvailable:") }

// peak is the most memory that this process has had, in bytes, or 0. Unlike ru_maxrss it does not begin with that of its parent.
func peak() uint64 { return memoryOf("/proc/self/status", "VmHWM:") }

// memoryOf is a line of a file of /proc that is in kB.
func memoryOf(file, name string) uint64 {
	f, err := os.Open(file)
	if err != nil {
		return 0
	}
	defer f.Close()
	return kilobytes(f, name)
}

func kilobytes(r io.Reader, name string) uint64 {
	for s := bufio.NewScanner(r); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), name); ok {
			n, _ := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
			return n << 10
		}
	}
	return 0
}
