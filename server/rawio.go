package server

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rawRead and rawWrite are recv(2) and send(2) on a socket that never blocks: read(2) and write(2) ask more questions on
// their way to it. The scheduler is not told of them: it would hand the processor to another thread in case that the
// call takes long, which costs as much as the call.
//
//	rawRead: n bytes, 0 at the end of the stream, or an error number; unix.EAGAIN when there is nothing now
func rawRead(socket uintptr, b []byte) (n int, errno unix.Errno) {
	return rawCall(unix.SYS_RECVFROM, socket, b)
}

func rawWrite(socket uintptr, b []byte) (n int, errno unix.Errno) {
	return rawCall(unix.SYS_SENDTO, socket, b)
}

// rawMost bounds one call: the kernel copies so much in some ten microseconds, in which the scheduler is held up.
const rawMost = 256 << 10

func rawCall(call, socket uintptr, b []byte) (int, unix.Errno) {
	b = b[:min(len(b), rawMost)]
	for {
		n, _, errno := syscall.RawSyscall6(call, socket, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
			unix.MSG_NOSIGNAL, 0, 0)
		switch errno {
		case unix.EINTR:
			continue
		case 0:
			return int(n), 0
		}
		return 0, errno
	}
}
