package portcheck

import (
	"errors"
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// TryBind proves that a server could take the port: it binds a socket to all addresses of IPv6 and IPv4, or to each of at,
// and closes it. An address that this machine does not have is passed over, unless it has none of them.
//
// It does not listen. A socket that is bound with SO_REUSEADDR and does not listen is in nobody's way, so that a server
// which is just starting is not disturbed; one that listens already is in the way of ours whatever it has set (see
// inet_csk_bind_conflict in the kernel's net/ipv4/inet_connection_sock.c). UDP takes SO_REUSEADDR for leave to share
// the port, so there it is not set.
//
// The error is EADDRINUSE, or os.ErrPermission where only root may bind the port and so nothing is proven.
func (n Namespace) TryBind(protocol Protocol, port uint16, at []netip.Addr) error {
	return n.Do(func() error {
		err := n.tryBindEach(protocol, port, at)
		switch {
		case errors.Is(err, unix.EACCES):
			return fmt.Errorf("cannot try to bind port %d: %w", port, os.ErrPermission)
		case err != nil:
			return fmt.Errorf("cannot bind port %d: %w", port, err)
		}
		return nil
	})
}

// mayBindUDP is TryBind without the port, for UDP: whether this process may bind such a port, and whether the address
// is there. A trial of the port itself would be in the way of a server that starts at that moment.
func (n Namespace) mayBindUDP(port uint16, at []netip.Addr) error {
	return n.Do(func() error {
		low := 1024
		if text, err := (host.Host{}).ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start"); err == nil {
			_, _ = fmt.Sscan(string(text), &low) // 1024 is what kernels without it have
		}
		if set, err := effective(); int(port) < low && (err != nil || set&(1<<unix.CAP_NET_BIND_SERVICE) == 0) {
			return fmt.Errorf("cannot try to bind port %d: %w", port, os.ErrPermission)
		}
		if err := n.tryBindEach(UDP, 0, at); err != nil {
			return fmt.Errorf("cannot bind port %d: %w", port, err)
		}
		return nil
	})
}

func (n Namespace) tryBindEach(protocol Protocol, port uint16, at []netip.Addr) (err error) {
	if at == nil {
		err = tryBind(unix.AF_INET6, &unix.SockaddrInet6{Port: int(port)}, protocol, 0)
		if absent(err) { // without IPv6
			err = tryBind(unix.AF_INET, &unix.SockaddrInet4{Port: int(port)}, protocol, 0)
		}
		return err
	}
	missing := 0
	for _, address := range at {
		if address.Is4() {
			err = tryBind(unix.AF_INET, &unix.SockaddrInet4{Port: int(port), Addr: address.As4()}, protocol, 0)
		} else {
			to := &unix.SockaddrInet6{Port: int(port), Addr: address.As16()}
			if address.Zone() != "" {
				to.ZoneId = n.device(address.Zone())
			}
			err = tryBind(unix.AF_INET6, to, protocol, 1) // [::] is asked for by itself where IPv4 is not meant
		}
		if absent(err) && missing < len(at)-1 {
			missing, err = missing+1, nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// absent reports whether this machine has no such address, or no such family.
func absent(err error) bool {
	return errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL)
}

func tryBind(family int, address unix.Sockaddr, protocol Protocol, only6 int) error {
	kind := unix.SOCK_STREAM
	if protocol == UDP {
		kind = unix.SOCK_DGRAM
	}
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if family == unix.AF_INET6 {
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, only6); err != nil {
			return err
		}
	}
	if protocol == TCP {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
			return err
		}
	}
	return unix.Bind(fd, address)
}
