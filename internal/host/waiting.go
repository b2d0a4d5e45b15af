package host

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
)

// tcpListen is TCP_LISTEN of include/net/tcp_states.h.
const tcpListen = 10

// ListeningSockets are the rows of /proc/net/tcp and tcp6 that listen. It is [ErrNoKernel] on an image.
func (h Host) ListeningSockets() (rows []SocketRow, err error) {
	if !h.Live() {
		return nil, ErrNoKernel
	}
	for _, name := range []string{"tcp", "tcp6"} {
		if rows, err = h.appendListening(rows, name); err != nil {
			return nil, fmt.Errorf("cannot read /proc/net/%s: %w", name, Cause(err))
		}
	}
	return rows, nil
}

func (h Host) appendListening(rows []SocketRow, name string) ([]SocketRow, error) {
	f, err := h.OpenRegular("/proc/thread-self/net/" + name)
	if errors.Is(err, fs.ErrNotExist) { // tcp6 of a kernel booted with ipv6.disable=1
		return rows, nil
	}
	if err != nil {
		return rows, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		row, ok := ParseSocketRow(lines.Bytes())
		if ok && row.State != tcpListen {
			break // the kernel lists those that listen first
		}
		if ok {
			rows = append(rows, row)
		}
	}
	return rows, lines.Err()
}
