package path

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// End is one end of a path: a network namespace of its own.
type End struct {
	namespace namespace
	address   net.IP
	// Congestion is the congestion control that its sockets ask for; "": none, so that the sysctl decides.
	Congestion string
}

// Do runs f on a thread that is in the namespace of e: what it reads below /proc/sys/net, and the sockets that it makes,
// are of there. Nothing else of the process is.
func (e *End) Do(f func() error) error { return e.namespace.do(f) }

// Listen listens at a port of e, with the longest queue that its namespace allows.
func (e *End) Listen(port int) (*net.TCPListener, error) {
	var l *net.TCPListener
	err := e.Do(func() (err error) {
		l, err = net.ListenTCP("tcp4", &net.TCPAddr{IP: e.address, Port: port})
		return err
	})
	if err != nil {
		return nil, err
	}
	raw, err := l.SyscallConn()
	if err != nil {
		return nil, err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = errors.Join(e.prepare(int(fd)), os.NewSyscallError("listen", unix.Listen(int(fd), 65535)))
	})
	if err = errors.Join(err, failed); err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

// prepare gives a socket what does not come from the namespace.
func (e *End) prepare(fd int) error {
	if e.Congestion == "" {
		return nil
	}
	err := unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, e.Congestion)
	return os.NewSyscallError("setsockopt TCP_CONGESTION "+e.Congestion, err)
}

// Dial connects from e to the port of the other end.
func (e *End) Dial(ctx context.Context, to *End, port int) (*net.TCPConn, error) {
	fd := -1
	err := e.Do(func() (err error) {
		fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		return os.NewSyscallError("socket", err)
	})
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "connection")
	defer f.Close()
	if err := e.prepare(fd); err != nil {
		return nil, err
	}
	address := unix.SockaddrInet4{Port: port, Addr: [4]byte(to.address.To4())}
	if err := unix.Connect(fd, &address); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		return nil, os.NewSyscallError("connect", err)
	}
	if err := connected(ctx, f); err != nil {
		return nil, err
	}
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return nil, fmt.Errorf("a connection of kind %T", c)
	}
	return tcp, nil
}

// connected waits until the connection of f stands.
func connected(ctx context.Context, f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	if deadline, some := ctx.Deadline(); some {
		if err := f.SetWriteDeadline(deadline); err != nil {
			return err
		}
	}
	stop := context.AfterFunc(ctx, func() { _ = f.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	var failed error
	err = raw.Write(func(fd uintptr) bool {
		number, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
		if err == nil && number != 0 {
			err = syscall.Errno(number)
		}
		if failed = os.NewSyscallError("connect", err); failed != nil {
			return true
		}
		_, err = unix.Getpeername(int(fd))
		return err == nil
	})
	return errors.Join(err, failed)
}

// Counters are those of /proc/net/snmp in the namespace of e, which began with it: "TcpRetransSegs".
func (e *End) Counters() (counters map[string]uint64, err error) {
	err = e.Do(func() (err error) {
		counters, err = host.Host{}.SNMP()
		return err
	})
	return counters, err
}
