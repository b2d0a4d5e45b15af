package prove

import (
	"context"
	"net"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// watchInterval is how often the memory of sockets is looked at.
const watchInterval = 50 * time.Millisecond

// watchMemory returns the most memory, in bytes, that the sockets of w have held at once, when ctx is done.
func (w *work) watchMemory(ctx context.Context) <-chan int {
	result := make(chan int, 1)
	go func() {
		tick := time.NewTicker(watchInterval)
		defer tick.Stop()
		for most := 0; ; {
			select {
			case <-ctx.Done():
				result <- most
				return
			case <-tick.C:
				most = max(most, w.memory())
			}
		}
	}()
	return result
}

// memory is what the sockets of w hold now, in bytes.
func (w *work) memory() (bytes int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.watched {
		bytes += held(c)
	}
	return bytes
}

// held is the memory of a socket in bytes: received, to be sent, set aside for either, options, and what came while it
// was in use (SK_MEMINFO_* in linux/sock_diag.h). It is 0 for a closed one.
func held(c *net.TCPConn) (bytes int) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) {
		var info [9]uint32
		size := uint32(unsafe.Sizeof(info))
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
		if errno != 0 {
			return
		}
		const received, setAside, toSend, options, backlog = 0, 4, 5, 6, 7
		for _, i := range []int{received, setAside, toSend, options, backlog} {
			bytes += int(info[i])
		}
	})
	return bytes
}
