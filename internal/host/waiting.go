package host

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// tcpListen is TCP_LISTEN of include/net/tcp_states.h.
const tcpListen = 10

// WaitingClients is how many connections to ports are complete and were not accepted yet. It is [ErrNoKernel] on an
// image.
func (h Host) WaitingClients(ports []uint16) (n int, err error) {
	if !h.Live() {
		return 0, ErrNoKernel
	}
	for _, name := range []string{"tcp", "tcp6"} {
		f, err := h.OpenRegular("/proc/thread-self/net/" + name)
		if errors.Is(err, fs.ErrNotExist) { // tcp6 of a kernel booted with ipv6.disable=1
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("cannot read /proc/net/%s: %w", name, Cause(err))
		}
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			row, ok := ParseSocketRow(lines.Bytes())
			if ok && row.State != tcpListen {
				break // the kernel lists those that listen first
			}
			if ok && slices.Contains(ports, row.Local.Port()) {
				n += int(row.Waiting)
			}
		}
	}
	return n, nil
}
