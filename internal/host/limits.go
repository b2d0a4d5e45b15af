package host

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/coreos/go-systemd/v22/dbus"
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

// NoFileOf returns the limit of a process. It is [ErrNoKernel] on an image.
func (h Host) NoFileOf(pid int) (NoFile, error) {
	if !h.Live() {
		return NoFile{}, ErrNoKernel
	}
	data, err := h.ReadFile("/proc/" + itoa(pid) + "/limits")
	if err != nil {
		return NoFile{}, err
	}
	return parseNoFile(data)
}

// ManagerNoFile returns what systemd gives to a unit without LimitNOFILE=. Where systemd is not PID 1 it is
// [ErrNoSystemd], on an image [ErrNoKernel].
func (h Host) ManagerNoFile(ctx context.Context) (limit NoFile, err error) {
	talk := func(_ context.Context, conn *dbus.Conn) (string, error) {
		for _, property := range []struct {
			name string
			to   *uint64
		}{{"DefaultLimitNOFILESoft", &limit.Soft}, {"DefaultLimitNOFILE", &limit.Hard}} {
			text, err := conn.GetManagerProperty(property.name) // "@t 524288"
			if err != nil {
				return "", err
			}
			if *property.to, err = strconv.ParseUint(text[strings.LastIndexByte(text, ' ')+1:], 10, 64); err != nil {
				return "", fmt.Errorf("%s is %s", property.name, text)
			}
		}
		return fmt.Sprintf("%d:%d", limit.Soft, limit.Hard), nil
	}
	if err := h.SystemManager().with(ctx, dbusTime, "for DefaultLimitNOFILE", talk); err != nil {
		return NoFile{}, fmt.Errorf("cannot ask systemd for DefaultLimitNOFILE: %w", err)
	}
	return limit, nil
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
