package portcheck

import (
	"context"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// boundOnly lists the TCP sockets on the ports that are bound and neither listen nor are connected, without the connections.
// Before Linux 6.8 the kernel lists none, and each socket is asked.
func (n Namespace) boundOnly(ranges []Range) []Socket {
	if !listsBound() {
		return n.unlisted(ranges)
	}
	found, _ := n.dump(TCP, ranges, statesBound) // what cannot be seen is not counted on, and the proof comes later
	return slices.DeleteFunc(found, func(s Socket) bool { return s.State != Unconn })
}

// besides are refusals for ports that listeners hold, and that would stay bound after their end by a socket that nobody asked
// to end and that lets no server in: to end the listeners would be in vain.
func (s Survey) besides(ctx context.Context, acts []Act, sockets []host.Unit) (refused []Act) {
	for _, h := range s.others {
		if h.Protocol != TCP || h.State != Unconn || !inRanges(s.Ranges, TCP, h.Port()) {
			continue
		}
		i := slices.IndexFunc(s.open, func(d Descriptor) bool {
			if d.Inode != h.Inode {
				return false
			}
			p, err := Details(ctx, d.Pid)
			o := Owner{Process: p}
			ends := func(a Act) bool { return a.Pid == d.Pid || a.ends(h, o, sockets) }
			return err == nil && !slices.ContainsFunc(acts, ends)
		})
		if i < 0 || letsIn(s.open[i]) {
			continue
		}
		p, err := Details(ctx, s.open[i].Pid)
		if err != nil {
			continue
		}
		refused = append(refused, refusal(h, Owner{Process: p}, "it has the port bound without listening, and would keep it: --bound ends it as well"))
	}
	return refused
}

// letsIn reports whether a socket that does not listen leaves its port to a server. Where it cannot be asked it does.
func letsIn(d Descriptor) bool {
	pidfd, err := unix.PidfdOpen(d.Pid, 0)
	if err != nil {
		return true
	}
	defer unix.Close(pidfd)
	fd, err := unix.PidfdGetfd(pidfd, d.FD, 0)
	if err != nil {
		return true
	}
	defer unix.Close(fd)
	reuse, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR)
	return err != nil || reuse != 0
}
