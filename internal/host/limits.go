package host

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// NoFile is the limit of open files of one process (RLIMIT_NOFILE): Soft is enforced, and a process may raise it to
// Hard by itself.
type NoFile struct{ Soft, Hard uint64 }

// NoFile returns the limit of the process that started this one, a shell as a rule. Our own would mislead: the Go
// runtime raises Soft to Hard at start. Services get theirs from systemd instead (LimitNOFILE=).
// It is [ErrNoKernel] on an image.
func (h Host) NoFile() (NoFile, error) {
	if !h.Live() {
		return NoFile{}, ErrNoKernel
	}
	if data, err := h.ReadFile("/proc/" + itoa(os.Getppid()) + "/limits"); err == nil {
		if limit, err := parseNoFile(data); err == nil {
			return limit, nil
		}
	}
	// The parent lives in another PID namespace. Hard is right even so.
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return NoFile{}, fmt.Errorf("cannot read the limit of open files: %w", err)
	}
	return NoFile{r.Cur, r.Max}, nil
}

// parseNoFile reads "Max open files" from the text of /proc/PID/limits. Unlimited is math.MaxUint64.
func parseNoFile(data []byte) (NoFile, error) {
	_, rest, _ := strings.Cut("\n"+string(data), "\nMax open files ")
	if fields := strings.Fields(rest); len(fields) >= 2 {
		soft, errSoft := parseLimit(fields[0])
		hard, errHard := parseLimit(fields[1])
		if errSoft == nil && errHard == nil {
			return NoFile{soft, hard}, nil
		}
	}
	return NoFile{}, fmt.Errorf("cannot find the limit of open files")
}

func parseLimit(s string) (uint64, error) {
	if s == "unlimited" {
		return math.MaxUint64, nil
	}
	return strconv.ParseUint(s, 10, 64)
}
