package portcheck

import (
	"fmt"
	"net/netip"
	"os"
	"path"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// listsBound reports whether the kernel lists the TCP sockets that are bound and neither listen nor are connected. Before
// Linux 6.8 they are in no table, and only the sockets themselves can be asked.
func listsBound() bool {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return false
	}
	v, err := host.ParseKernelVersion(unix.ByteSliceToString(name.Release[:]))
	return err == nil && !v.Less(host.KernelVersion{6, 8})
}

// unlisted asks every socket of every process whether it is bound to one of the ports without listening. It takes a
// descriptor of each for a moment, and passes over those of which it gets none.
func (n Namespace) unlisted(ranges []Range) (found []Socket) {
	netns, ok := n.number()
	if !ok {
		return nil
	}
	seen := map[uint64]bool{}
	for _, pid := range pids() {
		pidfd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue
		}
		dir := "/proc/" + strconv.Itoa(pid) + "/fd"
		entries, _ := os.ReadDir(dir) // what could be read is better than nothing
		for _, entry := range entries {
			link, _ := os.Readlink(path.Join(dir, entry.Name()))
			inode, ok := socketInode([]byte(link))
			fd, err := strconv.Atoi(entry.Name())
			if !ok || err != nil || seen[inode] {
				continue
			}
			seen[inode] = true
			dup, err := unix.PidfdGetfd(pidfd, fd, 0)
			if err != nil {
				continue
			}
			if s, ok := askBound(dup, netns); ok && inRanges(ranges, TCP, s.Port()) {
				s.Inode = inode
				found = append(found, s)
			}
			_ = unix.Close(dup)
		}
		_ = unix.Close(pidfd)
	}
	return found
}

// number is that of the namespace, as stat(2) shows it.
func (n Namespace) number() (uint64, bool) {
	if n.file != nil {
		return n.inode, true
	}
	var st unix.Stat_t
	err := unix.Stat("/proc/self/ns/net", &st)
	return st.Ino, err == nil
}

// askBound describes the socket of fd, if it is one of TCP in the namespace that is bound and neither listens nor is
// connected.
func askBound(fd int, netns uint64) (s Socket, ok bool) {
	protocol, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PROTOCOL)
	if err != nil || protocol != unix.IPPROTO_TCP {
		return s, false
	}
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil || stateOf(info.State) != Unconn {
		return s, false
	}
	name, err := unix.Getsockname(fd)
	if err != nil || netnsOf(fd) != netns {
		return s, false
	}
	s = Socket{Protocol: TCP, State: Unconn}
	switch a := name.(type) {
	case *unix.SockaddrInet4:
		s.Local = netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		s.Local = netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port))
		only, err := unix.GetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY)
		s.DualStack = err == nil && only == 0 && s.Local.Addr().IsUnspecified()
	}
	s.Cookie, _ = unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_COOKIE)
	var st unix.Stat_t
	if unix.Fstat(fd, &st) == nil {
		s.UID = st.Uid
	}
	return s, s.Local.IsValid() && s.Port() != 0
}

// netnsOf is the number of the network namespace of a socket, 0 where that is not told: see SIOCGSKNS in netdevice(7).
func netnsOf(fd int) uint64 {
	const siocgskns = 0x894C
	ns, err := unix.IoctlRetInt(fd, siocgskns)
	if err != nil {
		return 0
	}
	defer unix.Close(ns)
	var st unix.Stat_t
	if unix.Fstat(ns, &st) != nil {
		return 0
	}
	return st.Ino
}

// lookUnlisted adds what the kernel does not list. A duplicate keeps a port busy, for however short a time, so that it is done for a
// thorough look alone.
func (s *Survey) lookUnlisted(n Namespace, ranges []Range) {
	if listsBound() || !s.Thorough {
		return
	}
	for _, socket := range s.counting(n, n.unlisted(ranges)) {
		h := Holder{Socket: socket, Namespace: n.Name, Count: 1}
		if s.Bound {
			s.Holders = append(s.Holders, h)
		} else {
			s.Rest = append(s.Rest, h)
		}
	}
}

// unseenHint is of a port that cannot be bound, for no reason that is to be seen.
func unseenHint(port Range) string {
	if listsBound() {
		return fmt.Sprintf("tcptune port %d --any-state lists all that has to do with it", port.Low)
	}
	return fmt.Sprintf("sudo tcptune port %d --thorough asks each socket: before Linux 6.8 the kernel lists none that does not listen", port.Low)
}
