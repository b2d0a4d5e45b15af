package server

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// epollWait is epoll_pwait(2) that does not wait, as rawRead does not.
func epollWait(epoll int, events []unix.EpollEvent) int {
	n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epoll),
		uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), 0, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}
