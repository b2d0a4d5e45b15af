package portcheck

import (
	"net/netip"
	"time"
)

// State is the state of a socket as ss(8) and the kernel's include/net/tcp_states.h name it.
type State string

// The states that matter here by name. UDP sockets are UNCONN until they are connected, and then ESTAB.
const (
	Listen   State = "LISTEN"
	Unconn   State = "UNCONN" // of TCP: bound or not even that, and neither listening nor connected
	Estab    State = "ESTAB"
	TimeWait State = "TIME-WAIT"
)

// Socket is one socket, as the kernel tells.
type Socket struct {
	Protocol      Protocol
	Local, Remote netip.AddrPort // Remote is 0.0.0.0:0 or [::]:0 where the socket is not connected
	State         State
	// DualStack: an IPv6 socket that takes IPv4 as well. /proc/net does not tell; there it is assumed of a socket that
	// is bound to [::] unless net.ipv6.bindv6only says otherwise.
	DualStack bool
	UID       uint32 // of the process that made it
	// Inode is the number in "socket:[…]" of /proc/PID/fd. 0: no descriptor can lead to it, as in TIME-WAIT.
	// The kernel hands out 32 bits of it, and so repeats itself on a busy machine: [Socket.Cookie] is unique.
	Inode  uint64
	Cookie uint64 // SO_COOKIE; 0 where only /proc/net could be asked
	Cgroup uint64 // id of the control group (v2) in which it was made, 0 where that is not known
	Device uint32 // index of the interface that it is bound to, 0 for none
	// Left is the time until a socket in TIME-WAIT goes away by itself.
	Left time.Duration
}

// Port is the local port.
func (s Socket) Port() uint16 { return s.Local.Port() }
