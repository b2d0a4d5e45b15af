package server

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// socket is an accepted connection with the options that it inherited. It is a [net.Conn] for those that want one.
type socket struct {
	file          *os.File
	raw           syscall.RawConn
	local, remote net.Addr
}

func newSocket(fd int, listener, remote net.Addr) *socket {
	s := &socket{file: os.NewFile(uintptr(fd), listener.Network()), local: listener, remote: remote}
	s.raw, _ = s.file.SyscallConn() // no error, but of a nil file
	return s
}

func address(a unix.Sockaddr) net.Addr {
	switch a := a.(type) {
	case *unix.SockaddrInet4:
		return &net.TCPAddr{IP: a.Addr[:], Port: a.Port}
	case *unix.SockaddrInet6:
		tcp := &net.TCPAddr{IP: a.Addr[:], Port: a.Port}
		if a.ZoneId != 0 {
			if i, err := net.InterfaceByIndex(int(a.ZoneId)); err == nil {
				tcp.Zone = i.Name
			}
		}
		return tcp
	case *unix.SockaddrUnix:
		return &net.UnixAddr{Name: a.Name, Net: "unix"}
	}
	return &net.UnixAddr{Net: "unix"}
}

// SyscallConn gives access to the descriptor.
func (s *socket) SyscallConn() (syscall.RawConn, error) { return s.raw, nil }

func (s *socket) Read(b []byte) (int, error) {
	n, err := s.file.Read(b)
	return n, s.wrap("read", err)
}

func (s *socket) Write(b []byte) (int, error) {
	n, err := s.file.Write(b)
	return n, s.wrap("write", err)
}

// wrap makes a [net.Error] of an error of a file, which package net/http asks for its Timeout.
func (s *socket) wrap(op string, err error) error {
	var of *fs.PathError
	if !errors.As(err, &of) {
		return err // io.EOF stays itself
	}
	err = of.Err
	if errors.Is(err, fs.ErrClosed) {
		err = net.ErrClosed
	}
	return &net.OpError{Op: op, Net: s.local.Network(), Source: s.local, Addr: s.remote, Err: err}
}

// CloseWrite tells the client that nothing more comes.
func (s *socket) CloseWrite() (err error) {
	errControl := s.raw.Control(func(fd uintptr) {
		err = os.NewSyscallError("shutdown", unix.Shutdown(int(fd), unix.SHUT_WR))
	})
	return errors.Join(err, errControl)
}

func (s *socket) Close() error         { return s.file.Close() }
func (s *socket) LocalAddr() net.Addr  { return s.local } // that of the listener: the own address is not asked for
func (s *socket) RemoteAddr() net.Addr { return s.remote }

func (s *socket) SetDeadline(t time.Time) error      { return s.file.SetDeadline(t) }
func (s *socket) SetReadDeadline(t time.Time) error  { return s.file.SetReadDeadline(t) }
func (s *socket) SetWriteDeadline(t time.Time) error { return s.file.SetWriteDeadline(t) }
