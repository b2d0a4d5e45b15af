package load

import (
	"errors"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// dial opens a connection that does not block any more once it stands.
func dial(to netip.AddrPort) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	// Closing resets: no TIME-WAIT is left behind to fill the ports and the memory of the next run.
	for _, set := range []func() error{
		func() error {
			return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		},
		func() error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) },
		func() error {
			return unix.Connect(fd, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()})
		},
		func() error { return unix.SetNonblock(fd, true) },
	} {
		if err := set(); err != nil {
			_ = unix.Close(fd)
			return -1, err
		}
	}
	return fd, nil
}

// transfer is read(2) or write(2) on a socket that does not block, unseen by the scheduler.
func transfer(call uintptr, fd int, buf []byte) (int, error) {
	n, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// wait returns what is ready. It asks without blocking first; only while nothing is, it sleeps, up to so many
// milliseconds.
func wait(epoll int, events []unix.EpollEvent, milliseconds int) (int, error) {
	n, _, errno := unix.RawSyscall6(
		unix.SYS_EPOLL_PWAIT,
		uintptr(epoll),
		uintptr(unsafe.Pointer(&events[0])),
		uintptr(len(events)),
		0,
		0,
		0,
	)
	if errno == 0 && n > 0 {
		return int(n), nil
	}
	for {
		n, err := unix.EpollWait(epoll, events, milliseconds)
		if !errors.Is(err, unix.EINTR) { // epoll_wait(2) is never restarted, and Go's scheduler sends signals
			return n, err
		}
	}
}
