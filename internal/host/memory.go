package host

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// MemTotal returns the usable memory of the machine in bytes: its RAM less what the kernel reserved at boot, the figure
// that the kernel's own TCP defaults are computed from. A container sees the memory of its host.
// It is [ErrNoKernel] on an image.
func (h Host) MemTotal() (uint64, error) {
	if !h.Live() {
		return 0, ErrNoKernel
	}
	data, err := h.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, fmt.Errorf("cannot read /proc/meminfo: %w", Cause(err))
	}
	return ParseMemTotal(data)
}

// ParseMemTotal reads MemTotal, in bytes, from the text of /proc/meminfo. The "kB" there are KiB, see proc_meminfo(5).
func ParseMemTotal(data []byte) (uint64, error) {
	for line := range strings.Lines(string(data)) {
		rest, ok := strings.CutPrefix(line, "MemTotal:")
		if !ok {
			continue
		}
		kib, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 54)
		if err != nil {
			break
		}
		return kib << 10, nil
	}
	return 0, fmt.Errorf("cannot find MemTotal in /proc/meminfo")
}

// PageSize returns the bytes in a page of memory, the unit of tcp_mem. It is [ErrNoKernel] on an image: arm64 kernels
// come with pages of 4, 16 and 64 KiB.
func (h Host) PageSize() (int, error) {
	if !h.Live() {
		return 0, ErrNoKernel
	}
	return os.Getpagesize(), nil
}
