package host

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tcptune/tcptune/internal/sockdiag"
)

// tcpListen is TCP_LISTEN of include/net/tcp_states.h.
const tcpListen = 10

// tcpClosed is TCP_CLOSE of there: a socket of UDP that is not connected.
const tcpClosed = 7

// ListeningSockets are the rows of /proc/net/tcp and tcp6 that listen. It is [ErrNoKernel] on an image.
func (h Host) ListeningSockets() (rows []SocketRow, err error) {
	if !h.Live() {
		return nil, ErrNoKernel
	}
	for _, name := range []string{"tcp", "tcp6"} {
		if rows, err = h.appendRows(rows, name, tcpListen); err != nil {
			return nil, fmt.Errorf("cannot read /proc/net/%s: %w", name, Cause(err))
		}
	}
	return rows, nil
}

// DatagramSockets are the rows of /proc/net/udp and udp6 that are bound and not connected. It is [ErrNoKernel] on an
// image.
func (h Host) DatagramSockets() (rows []SocketRow, err error) {
	if !h.Live() {
		return nil, ErrNoKernel
	}
	for _, name := range []string{"udp", "udp6"} {
		if rows, err = h.appendRows(rows, name, tcpClosed); err != nil {
			return nil, fmt.Errorf("cannot read /proc/net/%s: %w", name, Cause(err))
		}
	}
	return rows, nil
}

// UnixSocket is one that is bound to a path and not connected.
type UnixSocket = sockdiag.Unix

// UnixSockets are the Unix sockets that are bound to a path and not connected. It is [ErrNoKernel] on an image.
func (h Host) UnixSockets() (all []UnixSocket, err error) {
	if !h.Live() {
		return nil, ErrNoKernel
	}
	if err = sockdiag.EachUnix(func(s UnixSocket) { all = append(all, s) }); err != nil {
		return nil, fmt.Errorf("cannot ask the kernel for its Unix sockets: %w", err)
	}
	return all, nil
}

func (h Host) appendRows(rows []SocketRow, name string, state uint8) ([]SocketRow, error) {
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
		if ok && row.State != state && state == tcpListen {
			break // the kernel lists those that listen first
		}
		if ok && row.State == state {
			rows = append(rows, row)
		}
	}
	return rows, lines.Err()
}
