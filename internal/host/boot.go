package host

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ErrNoProc is about a running machine whose /proc cannot be seen, in a chroot as a rule.
var ErrNoProc = errors.New("/proc is not mounted")

// BootID returns the random id that the kernel gave itself at boot, a UUID in lower case: two different ids have a
// reboot between them. Containers show the id of their host, whose reboot restarts them too.
// It is [ErrNoKernel] on an image, and [ErrNoProc] where nobody can tell.
func (h Host) BootID() (string, error) {
	if !h.Live() {
		return "", ErrNoKernel
	}
	data, err := h.ReadFile("/proc/sys/kernel/random/boot_id")
	if errors.Is(err, fs.ErrNotExist) {
		return "", ErrNoProc
	}
	if err != nil {
		return "", fmt.Errorf("cannot read the boot id: %w", Cause(err))
	}
	return strings.TrimSpace(string(data)), nil
}

// BootClock returns the time since boot, time in suspend included (CLOCK_BOOTTIME): setting the wall clock does not
// move it. It is [ErrNoKernel] on an image.
func (h Host) BootClock() (time.Duration, error) {
	if !h.Live() {
		return 0, ErrNoKernel
	}
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0, fmt.Errorf("cannot read the boot clock: %w", err)
	}
	return time.Duration(ts.Nano()), nil
}

// BootTime returns when the machine booted, by the wall clock of now.
func (h Host) BootTime() (time.Time, error) {
	up, err := h.BootClock()
	if err != nil {
		return time.Time{}, err
	}
	return time.Now().Add(-up), nil
}

// PendingReboot says whether a package asked for a reboot, and which did. The files are written by the maintainer
// scripts of Debian and Ubuntu through update-notifier-common; where that is not installed nobody writes them, so false
// means "nobody said so". It is [ErrNoKernel] on an image.
func (h Host) PendingReboot() (pending bool, packages []string, err error) {
	if !h.Live() {
		return false, nil, ErrNoKernel
	}
	return h.pendingReboot()
}

func (h Host) pendingReboot() (bool, []string, error) {
	_, err := h.Stat("/run/reboot-required")
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil, nil
	}
	if err != nil {
		return false, nil, fmt.Errorf("cannot look for /run/reboot-required: %w", Cause(err))
	}
	data, err := h.ReadFile("/run/reboot-required.pkgs")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return true, nil, fmt.Errorf("cannot read /run/reboot-required.pkgs: %w", Cause(err))
	}
	return true, uniqueLines(data), nil
}

// uniqueLines returns the lines that are not empty, each once, in their order: every upgrade appends its name again.
func uniqueLines(data []byte) []string {
	var out []string
	seen := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line != "" && !seen[line] {
			seen[line] = true
			out = append(out, line)
		}
	}
	return out
}
