package host

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// KernelConfigText is how the running kernel was built, for [ParseKernelConfig]. It reads /proc/config.gz, or
// /boot/config-RELEASE as Debian and Ubuntu install it, which may be readable by root only. It is fs.ErrNotExist where
// neither is visible.
func (h Host) KernelConfigText() ([]byte, error) {
	packed, err := h.ReadFile("/proc/config.gz")
	if err == nil {
		return unpackConfig(packed)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read /proc/config.gz: %w", Cause(err))
	}
	u, err := uname()
	if err != nil {
		return nil, err
	}
	text, err := h.ReadFile("/boot/config-" + u.release)
	if err != nil {
		return nil, fmt.Errorf("cannot read the kernel's configuration: %w", Cause(err))
	}
	return text, nil
}

func unpackConfig(packed []byte) ([]byte, error) {
	zr, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("cannot unpack /proc/config.gz: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(zr, 4<<20))
	if err != nil {
		return nil, fmt.Errorf("cannot unpack /proc/config.gz: %w", err)
	}
	return text, nil
}

// ParseKernelConfig finds the option ("CONFIG_NET_SCH_FQ") in the text of a kernel configuration: "y", "m", another
// value, or "" when it is not set. Options that are off are comments there.
func ParseKernelConfig(text []byte, option string) string {
	assignment := []byte("\n" + option + "=")
	rest, found := bytes.CutPrefix(text, assignment[1:])
	if !found {
		_, rest, found = bytes.Cut(text, assignment)
	}
	if !found {
		return ""
	}
	value, _, _ := bytes.Cut(rest, []byte("\n"))
	return string(bytes.Trim(bytes.TrimSpace(value), `"`))
}
