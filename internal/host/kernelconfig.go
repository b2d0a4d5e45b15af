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

// ParseKernelConfig finds the options ("CONFIG_NET_SCH_FQ") in the text of a kernel configuration, which it reads once:
// "y", "m", another value, or "" for one that is not set. Options that are off are comments there.
func ParseKernelConfig(text []byte, options ...string) map[string]string {
	values := make(map[string]string, len(options))
	for _, option := range options {
		values[option] = ""
	}
	for line := range bytes.Lines(text) {
		option, value, found := bytes.Cut(line, []byte("="))
		if _, asked := values[string(option)]; found && asked {
			values[string(option)] = string(bytes.Trim(bytes.TrimSpace(value), `"`))
		}
	}
	return values
}
