package bench

import (
	"errors"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// dial begins to open a connection that never blocks. from may be no address.
func dial(to Target, from netip.Addr) (fd int, err error) {
	family, remote := address(to)
	fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, err
	}
	if err := prepare(fd, to, from); err != nil {
		return -1, errors.Join(err, unix.Close(fd))
	}
	if err = unix.Connect(fd, remote); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func prepare(fd int, to Target, from netip.Addr) error {
	if to.Path != "" {
		return nil
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return err
	}
	// Closing resets: no TIME-WAIT is left behind to fill the ports and the memory of the next run.
	if err := unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}); err != nil {
		return err
	}
	if !from.IsValid() {
		return nil
	}
	// The port is chosen by connect, for source and target together: 64,000 for each source address, not for all. Where the kernel
	// does not know that (before Linux 4.2, qemu's user mode) bind chooses it, and there are fewer.
	err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	if err != nil && !errors.Is(err, unix.ENOPROTOOPT) {
		return err
	}
	err = unix.Bind(fd, sockaddr(netip.AddrPortFrom(from, 0)))
	if errors.Is(err, unix.EADDRNOTAVAIL) { // no port was asked for
		return noSource
	}
	return err
}

func address(to Target) (family int, remote unix.Sockaddr) {
	switch {
	case to.Path != "":
		return unix.AF_UNIX, &unix.SockaddrUnix{Name: to.Path}
	case to.Addr.Addr().Is4():
		return unix.AF_INET, sockaddr(to.Addr)
	}
	return unix.AF_INET6, sockaddr(to.Addr)
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16(), ZoneId: zoneOf(a.Addr())}
}

// failure is what became of a connection that was being opened.
func failure(fd int) error {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && n != 0 {
		err = unix.Errno(n)
	}
	return err
}

// transfer is recvfrom(2) or sendto(2) on a socket that does not block, unseen by the scheduler. Unlike read(2) and write(2) they
// need not look after the place in a file.
func transfer(call uintptr, fd int, buf []byte) (int, error) {
	for {
		n, _, errno := unix.RawSyscall6(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)),
			unix.MSG_NOSIGNAL, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

// look returns what is ready now, unseen by the scheduler.
func look(epoll int, events []unix.EpollEvent) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epoll), uintptr(unsafe.Pointer(&events[0])),
		uintptr(len(events)), 0, 0, 0)
	return number(n, errno)
}

// wait sleeps until something is ready, for at most so long, where that is long enough to be slept.
func wait(epoll int, events []unix.EpollEvent, most time.Duration) (int, error) {
	if most < shortest {
		return look(epoll, events)
	}
	span := unix.NsecToTimespec(int64(most))
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(epoll), uintptr(unsafe.Pointer(&events[0])),
		uintptr(len(events)), uintptr(unsafe.Pointer(&span)), 0, 0)
	if errno == unix.ENOSYS { // before Linux 5.11
		got, err := unix.EpollWait(epoll, events, int(most.Milliseconds()))
		if errors.Is(err, unix.EINTR) {
			return 0, nil
		}
		return got, err
	}
	return number(n, errno)
}

// shortest is what a sleep is worth: waking up takes about as long.
const shortest = 50 * time.Microsecond

// number is the result of a wait, which a signal may end.
func number(n uintptr, errno unix.Errno) (int, error) {
	switch errno {
	case 0:
		return int(n), nil
	case unix.EINTR:
		return 0, nil
	}
	return 0, errno
}
