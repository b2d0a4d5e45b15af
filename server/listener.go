package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Listener is a listening socket whose connections inherit its options: keep-alive, TCP_NODELAY and whatever else was
// set on it. The listeners of package net set a keep-alive of their own on every connection, 15 s, which is a lot of
// traffic for many that are idle, and costs system calls.
type Listener struct {
	file   *os.File
	raw    syscall.RawConn
	addr   net.Addr
	alone  bool // no other process has the socket
	closed atomic.Bool

	arrivals sync.Pool // of arrival
}

// Listen opens a listening socket: "127.0.0.1:8080", ":8080" for all addresses of IPv4 and IPv6. Its connections have
// TCP_NODELAY set, and the keep-alive that ka says: none where it is not enabled; times are rounded up to seconds, and
// what is zero is left to the kernel. ctx is for looking up a name.
func Listen(ctx context.Context, address string, ka net.KeepAliveConfig) (*Listener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false) // package net's default; its sockets take not all of these options before Linux 5.17
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return nil, fmt.Errorf("cannot listen on %s: no TCP address", address)
	}
	own, err := dupListener(tcp, l.Addr())
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	own.alone = true
	if err := own.setOptions(ka); err != nil {
		_ = own.Close()
		return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	return own, nil
}

// FileListener takes over a listening socket, as systemd passes them, with the options that it has. f stays the
// caller's to close. The error says that f is no listening socket.
func FileListener(f *os.File) (*Listener, error) {
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("cannot use %s as a listening socket: %w", f.Name(), err)
	}
	defer l.Close()
	raw, ok := l.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("cannot use %s as a listening socket: it is none", f.Name())
	}
	own, err := dupListener(raw, l.Addr())
	if err != nil {
		return nil, fmt.Errorf("cannot use %s as a listening socket: %w", f.Name(), err)
	}
	return own, nil
}

// dupListener duplicates the descriptor, so that the runtime's poller watches it for us.
func dupListener(l syscall.Conn, addr net.Addr) (*Listener, error) {
	raw, err := l.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd, errDup := -1, error(nil)
	if err := raw.Control(func(from uintptr) { fd, errDup = unix.FcntlInt(from, unix.F_DUPFD_CLOEXEC, 0) }); err != nil {
		return nil, err
	}
	if errDup != nil {
		return nil, os.NewSyscallError("fcntl", errDup)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // before NewFile, which looks at it
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	// O_NONBLOCK belongs to the open file, open(2), which systemd and a twin of ours share with us: whoever starts may
	// clear it for a moment, as systemd does without NonBlocking=yes, and os.File.Fd. An accept(2) that blocks then would
	// wait for the next client, whatever the deadline of our poller: SO_RCVTIMEO, socket(7), brings it back (not for
	// Multipath TCP, whose accept ignores it; systemd opens that only where SocketProtocol=mptcp asks for it). Connections
	// inherit it, but they never block.
	patience := unix.NsecToTimeval(int64(acceptBlocks))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &patience); err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("setsockopt", err)
	}
	own := &Listener{file: os.NewFile(uintptr(fd), addr.Network()), addr: addr}
	if own.raw, err = own.file.SyscallConn(); err != nil {
		_ = own.file.Close()
		return nil, err
	}
	return own, nil
}

// acceptBlocks is how long an accept(2) may block that should not block at all.
const acceptBlocks = 100 * time.Millisecond

// setOptions sets on the listening socket what its connections are to inherit, see tcp(7).
func (l *Listener) setOptions(ka net.KeepAliveConfig) (err error) {
	type option struct{ level, name, value int }
	options := []option{{unix.IPPROTO_TCP, unix.TCP_NODELAY, 1}}
	if ka.Enable {
		options = append(options, option{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1})
		for name, value := range map[int]int{
			unix.TCP_KEEPIDLE: wholeSeconds(ka.Idle), unix.TCP_KEEPINTVL: wholeSeconds(ka.Interval), unix.TCP_KEEPCNT: ka.Count,
		} {
			if value > 0 {
				options = append(options, option{unix.IPPROTO_TCP, name, value})
			}
		}
	}
	errControl := l.raw.Control(func(fd uintptr) {
		for _, o := range options {
			if err == nil {
				err = os.NewSyscallError("setsockopt", unix.SetsockoptInt(int(fd), o.level, o.name, o.value))
			}
		}
	})
	return errors.Join(err, errControl)
}

// wholeSeconds rounds up: 0 would stand for the kernel's default, of hours.
func wholeSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// Addr is the address that it listens on.
func (l *Listener) Addr() net.Addr { return l.addr }

// Close closes this descriptor of the socket. The socket listens on while another process holds it, as systemd does.
func (l *Listener) Close() error {
	l.closed.Store(true)
	return l.file.Close()
}

// SetDeadline ends an Accept that waits longer, with [os.ErrDeadlineExceeded].
func (l *Listener) SetDeadline(t time.Time) error { return l.file.SetReadDeadline(t) }

// SetBacklog says how many connections may wait in the queue of the socket, listen(2): in place, with those that wait. The
// kernel caps it at net.core.somaxconn.
func (l *Listener) SetBacklog(n int) error {
	var err error
	errControl := l.raw.Control(func(fd uintptr) { err = os.NewSyscallError("listen", unix.Listen(int(fd), n)) })
	return errors.Join(err, errControl)
}

// AwaitWords has connections accepted only when the first bytes of their clients are there, or after some time: the least
// that the kernel can that is not below d, TCP_DEFER_ACCEPT of tcp(7). It is for a socket that is handed over, and for
// protocols in which the client speaks first: who has said nothing yet waits in the socket and not in a process, so that
// a process which goes has nobody who is silent, and the next one serves them. It stays so for the next one too.
func (l *Listener) AwaitWords(d time.Duration) error {
	var err error
	errControl := l.raw.Control(func(fd uintptr) {
		err = os.NewSyscallError("setsockopt",
			unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, wholeSeconds(d)))
	})
	return errors.Join(err, errControl)
}

// Accept waits for a connection. The error is a [*net.OpError] as of package net, [net.ErrClosed] after Close.
func (l *Listener) Accept() (net.Conn, error) {
	a, err := l.accept()
	if err != nil {
		return nil, err
	}
	return a.socket(), nil
}

func (l *Listener) accept() (*arrival, error) {
	a, ok := l.arrivals.Get().(*arrival)
	if !ok {
		a = &arrival{}
		a.try = func(listener uintptr) bool {
			a.err = a.accept4(listener)
			return a.err != unix.EAGAIN //nolint:errorlint // a number from the kernel
		}
	}
	a.local, a.from = l.addr, &l.arrivals
	err := l.raw.Read(a.try)
	if err == nil {
		err = os.NewSyscallError("accept4", a.err)
	}
	if err != nil && l.closed.Load() {
		err = net.ErrClosed // a raw connection has an error of its own for that, which cannot be compared with
	}
	if err != nil {
		a.done()
		return nil, &net.OpError{Op: "accept", Net: l.addr.Network(), Addr: l.addr, Err: err}
	}
	return a, nil
}

// pending accepts a connection that waits already, whatever the deadline is; nil where there is none.
func (l *Listener) pending() *arrival {
	a := &arrival{local: l.addr}
	var errAccept error
	err := l.raw.Control(func(listener uintptr) { errAccept = a.accept4(listener) })
	if err != nil || errAccept != nil {
		return nil
	}
	return a
}

func (a *arrival) accept4(listener uintptr) (err error) {
	for {
		size := uint32(unix.SizeofSockaddrAny)
		fd, _, errno := unix.Syscall6(unix.SYS_ACCEPT4, listener, uintptr(unsafe.Pointer(&a.raw)), uintptr(unsafe.Pointer(&size)),
			unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
		switch errno {
		case 0:
			a.fd = int(fd)
			a.name()
			return nil
		case unix.EINTR:
			continue
		}
		return errno
	}
}
