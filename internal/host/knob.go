package host

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/trail"
)

// ErrShortWrite is returned by [Host.WriteKnob] when the kernel took only a part of the value.
var ErrShortWrite = errors.New("the kernel took only a part of the value")

// knobSize is larger than any value that the kernel hands out in one read: a port list of 8 KiB is the longest known.
const knobSize = 64 << 10

// KnobPath returns the file of the sysctl key. Keys are written with dots ("net.ipv4.tcp_rmem"); a dot inside a
// component, as in the interface eth0.100, is written "/" ("net.ipv4.conf.eth0/100.rp_filter"), the rule of
// sysctl.d(5).
func KnobPath(key string) string {
	return "/proc/sys/" + SwapSeparators(key)
}

// SwapSeparators turns the dots of a key into slashes and its slashes into dots: a key becomes the path below
// /proc/sys, and that path the key.
func SwapSeparators(key string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '.':
			return '/'
		case '/':
			return '.'
		}
		return r
	}, key)
}

// ReadKnob returns the running value of the sysctl key without its final newline; tabs are kept as the kernel wrote
// them. It is one read(2) into 64 KiB: some files below /proc/sys answer a second read with nothing, and os.ReadFile,
// which starts with 512 bytes, then returns a part of the value without an error.
// A key that this kernel does not have is fs.ErrNotExist; on an image it is [ErrNoKernel].
func (h Host) ReadKnob(key string) (string, error) {
	if !h.Live() {
		return "", ErrNoKernel
	}
	value, err := readKnob(key)
	if h.trail.On() {
		h.trail.Step(
			"reads",
			slog.String("key", key),
			slog.String("value", trail.Value(key, value)),
			trail.Failed(Cause(err)),
		)
	}
	return value, err
}

func readKnob(key string) (string, error) {
	fd, err := openKnob(key, unix.O_RDONLY)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	buf := make([]byte, knobSize)
	n, err := retry(func() (int, error) { return unix.Read(fd, buf) })
	if err != nil {
		return "", &fs.PathError{Op: "read", Path: key, Err: err}
	}
	return string(bytes.TrimRight(buf[:n], "\n")), nil
}

// WriteKnob writes value to the sysctl key with one write(2), since the kernel takes each write as a whole new value.
// It never creates a file. Taking only a part of the value is [ErrShortWrite].
//
// A port list of more than one page is the exception: the kernel reads no more than a page at a time, but adds what
// comes behind the first write of an open file to what it has (proc_do_large_bitmap in kernel/sysctl.c).
func (h Host) WriteKnob(key, value string) (err error) {
	defer h.trail.Did("writes", &err, slog.String("key", key), slog.String("value", trail.Value(key, value)))
	if !h.Live() {
		return ErrNoKernel
	}
	fd, err := openKnob(key, unix.O_WRONLY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for _, part := range writes(value) {
		data := []byte(part)
		n, err := retry(func() (int, error) { return unix.Write(fd, data) })
		if err != nil {
			return &fs.PathError{Op: "write", Path: key, Err: err}
		}
		if n != len(data) {
			return &fs.PathError{Op: "write", Path: key, Err: fmt.Errorf("%w: %d of %d bytes", ErrShortWrite, n, len(data))}
		}
	}
	return nil
}

// pageOfPorts is the longest piece of a port list that every kernel takes in one write: the smallest page, less the
// byte that the kernel adds.
const pageOfPorts = 4096 - 1

// writes cuts a long port list between two ports. Every other value is one write.
func writes(value string) []string {
	var parts []string
	for len(value) >= pageOfPorts && strings.Trim(value, "0123456789,-") == "" {
		cut := strings.LastIndexByte(value[:pageOfPorts-1], ',')
		if cut < 0 {
			break
		}
		parts = append(parts, value[:cut]+"\n")
		value = value[cut+1:]
	}
	return append(parts, value+"\n")
}

func openKnob(key string, flags int) (int, error) {
	p := KnobPath(key)
	if strings.Contains(p, "/../") || strings.HasSuffix(p, "/..") {
		return -1, &fs.PathError{Op: "open", Path: key, Err: unix.EINVAL}
	}
	fd, err := retry(func() (int, error) {
		return unix.Open(p, flags|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	})
	if err != nil {
		return -1, &fs.PathError{Op: "open", Path: key, Err: err}
	}
	return fd, nil
}
