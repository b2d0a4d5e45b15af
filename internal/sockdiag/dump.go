// Package sockdiag asks the kernel for the sockets of the network namespace of the thread that runs, through sock_diag(7).
// It hands on one answer after another and keeps none: what is made of them, and how much of that is kept, is up to the
// caller.
package sockdiag

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Numbers of the kernel's include/uapi/linux/{sock_diag,inet_diag}.h.
const (
	TCPOfAll       = 18 // TCPDIAG_GETSOCK, the older type of a request: TCP of both families at once
	AllRequestSize = 60 // struct inet_diag_req, which goes with it
	// AllRequestStates is where that has the states, a bit for each.
	AllRequestStates = 52
	ByFamily         = 20 // SOCK_DIAG_BY_FAMILY
	RequestSize      = 56 // struct inet_diag_req_v2, which goes with that
	destroySocket    = 21 // SOCK_DESTROY
	MessageSize      = 72 // struct inet_diag_msg, the answer to both
)

// ErrInterrupted says that the kernel's table changed under a dump, so that sockets may be missing or told twice.
var ErrInterrupted = errors.New("the table of sockets changed while it was read")

// room is more than the kernel puts into one answer (32 KiB, netlink_dump in net/netlink/af_netlink.c).
const room = 64 << 10

// Dump is [DumpAs] for a struct inet_diag_req_v2.
func Dump(request []byte, each func(message []byte)) error { return DumpAs(ByFamily, request, each) }

// DumpAs sends request, with its attributes, as a dump of that type and calls each for every socket: with a struct
// inet_diag_msg and its attributes, which are only valid during the call.
func DumpAs(kind uint16, request []byte, each func(message []byte)) error {
	return ask(kind, unix.NLM_F_DUMP, request, each)
}

// Destroy closes the socket that a struct inet_diag_req_v2 names with its cookie, whoever has it open (SOCK_DESTROY, since
// Linux 4.5, with CAP_NET_ADMIN). It is unix.ENOENT where there is none, unix.EOPNOTSUPP where the kernel cannot.
func Destroy(request []byte) error {
	return ask(destroySocket, unix.NLM_F_ACK, request, func([]byte) {})
}

func ask(kind, flags uint16, request []byte, each func(message []byte)) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	b := make([]byte, unix.SizeofNlMsghdr, unix.SizeofNlMsghdr+len(request))
	binary.NativeEndian.PutUint32(b, uint32(cap(b)))
	binary.NativeEndian.PutUint16(b[4:], kind)
	binary.NativeEndian.PutUint16(b[6:], unix.NLM_F_REQUEST|flags)
	if err := unix.Sendto(fd, append(b, request...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return os.NewSyscallError("sendto", err)
	}
	buf := make([]byte, room)
	interrupted := false
	for {
		n, flags, err := receive(fd, buf)
		switch {
		case err != nil:
			return os.NewSyscallError("recvmsg", err)
		case flags&unix.MSG_TRUNC != 0:
			return fmt.Errorf("an answer of more than %d bytes", len(buf))
		}
		done, again, err := answers(buf[:n], least(request), each)
		interrupted = interrupted || again
		switch {
		case err != nil:
			return err
		case done && interrupted:
			return ErrInterrupted
		case done:
			return nil
		}
	}
}

func receive(fd int, buf []byte) (n, flags int, err error) {
	for {
		n, _, flags, _, err = unix.Recvmsg(fd, buf, nil, 0)
		if !errors.Is(err, unix.EINTR) {
			return n, flags, err
		}
	}
}

var errShort = errors.New("an answer that is cut short")

// least is the size of an answer to request without its attributes.
func least(request []byte) int {
	if len(request) == unixRequestSize {
		return unixMessageSize
	}
	return MessageSize
}

// answers takes the messages of one read apart, see netlink(7). Of those for a socket each has at least so many bytes.
func answers(b []byte, least int, each func([]byte)) (done, interrupted bool, err error) {
	for len(b) >= unix.SizeofNlMsghdr {
		length := int(binary.NativeEndian.Uint32(b))
		if length < unix.SizeofNlMsghdr || length > len(b) {
			return false, interrupted, errShort
		}
		kind, flags := binary.NativeEndian.Uint16(b[4:]), binary.NativeEndian.Uint16(b[6:])
		body := b[unix.SizeofNlMsghdr:length]
		b = b[min(align(length), len(b)):]
		interrupted = interrupted || flags&unix.NLM_F_DUMP_INTR != 0
		switch kind {
		case unix.NLMSG_DONE, unix.NLMSG_ERROR:
			if len(body) >= 4 {
				if code := int32(binary.NativeEndian.Uint32(body)); code != 0 {
					return true, interrupted, syscall.Errno(-code)
				}
			}
			return true, interrupted, nil
		case ByFamily, TCPOfAll:
			if len(body) >= least {
				each(body)
			}
		}
	}
	return false, interrupted, nil
}

// Attributes calls each for every attribute of a message, see struct nlattr. One that is cut short ends it.
func Attributes(message []byte, each func(kind uint16, value []byte)) {
	attributes(message[MessageSize:], each)
}

func attributes(b []byte, each func(kind uint16, value []byte)) {
	for len(b) >= unix.SizeofNlAttr {
		length := int(binary.NativeEndian.Uint16(b))
		if length < unix.SizeofNlAttr || length > len(b) {
			return
		}
		each(binary.NativeEndian.Uint16(b[2:])&^(unix.NLA_F_NESTED|unix.NLA_F_NET_BYTEORDER), b[unix.SizeofNlAttr:length])
		b = b[min(align(length), len(b)):]
	}
}

func align(n int) int { return (n + 3) &^ 3 }
