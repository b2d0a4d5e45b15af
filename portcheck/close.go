package portcheck

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/internal/sockdiag"
)

// closing are the acts that close the connections which keep a server from a port that nobody holds. What is not in the way
// is left alone: most clients let a server bind their port.
func (v *View) closing(s Survey, f facts, order Order) (acts []Act) {
	if !order.Close {
		return nil
	}
	inTheWay := map[uint16]bool{}
	for _, h := range s.conns {
		if h.Protocol != TCP || h.State == Unconn || h.State == TimeWait {
			continue
		}
		blocks, tried := inTheWay[h.Port()]
		if !tried {
			blocks = errors.Is(v.tryBind(Range{TCP, h.Port(), h.Port()}, s.At), unix.EADDRINUSE)
			inTheWay[h.Port()] = blocks
		}
		if blocks {
			acts = append(acts, f.judgeConnection(h, order))
		}
	}
	return acts
}

// judgeConnection closes no connection of what has started this tcptune: that may be how it was started.
func (f *facts) judgeConnection(h Holder, order Order) Act {
	a := actOn(report.Connection, h.Local.String()+" -> "+h.Remote.String(), string(h.State), "closed", h)
	if !f.ephemeral[h.Port()] {
		a.Reason = "its process has bound the port itself, and keeps it until it closes the socket"
	}
	a.Why, a.socket, a.rule = "is in the way of "+h.target(), h.Socket, "it is a connection, and --close was given"
	for _, o := range h.Owners {
		g := guardOf(o.Process)
		switch {
		case f.ancestors[o.Pid]:
			a.Status, a.Reason = report.Refused, fmt.Sprintf("it is one of %s (pid %d), which has started this tcptune", o.Process.Name, o.Pid)
		case g != nil && (!g.force || !order.Force):
			a.Status, a.Reason = report.Refused, fmt.Sprintf("it is one of %s (pid %d): %s", o.Process.Name, o.Pid, g.what)
			if g.force {
				a.Reason += "; --force closes it all the same"
			}
		}
	}
	return a
}

// close closes one connection, and looks whether it is gone.
func (v *View) close(ctx context.Context, a *Act) {
	s := a.socket
	switch err := v.namespaces[0].destroy(s); {
	case errors.Is(err, unix.ENOENT):
		a.Status, a.Reason = report.Unchanged, "had ended by itself"
		return
	case errors.Is(err, unix.EOPNOTSUPP):
		a.fail(errors.New("this kernel closes no connection of another process (it lacks CONFIG_INET_DIAG_DESTROY): end the process"))
		return
	case err != nil:
		a.fail(fmt.Errorf("cannot close it: %w", err))
		return
	}
	state, err := v.awaitClosed(ctx, s)
	switch closed := "closed"; {
	case err != nil:
		a.fail(err)
	case state == "":
		a.Status, a.Effective, a.Reason = report.Applied, &closed, ""
	case state == Unconn:
		a.Status, a.Effective, a.Reason = report.Applied, &closed, "its process still has the socket, which is bound to the port"
	default:
		a.fail(fmt.Errorf("it is still %s after the kernel was told to close it", state))
	}
}

// awaitClosed gives the process of a connection time to close the socket, and returns the state of that then, "" for gone.
func (v *View) awaitClosed(ctx context.Context, s Socket) (state State, err error) {
	for until := time.Now().Add(closedPatience); ; {
		snap, err := v.namespaces[0].Sockets([]Range{{TCP, s.Port(), s.Port()}}, true)
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(snap.Sockets, func(t Socket) bool { return t.Cookie == s.Cookie })
		if i < 0 {
			return "", nil
		}
		if ctx.Err() != nil || !time.Now().Before(until) {
			return snap.Sockets[i].State, nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(provePause):
		}
	}
}

// closedPatience is how long a process may take to close a socket whose connection is gone.
const closedPatience = 500 * time.Millisecond

// destroy is SOCK_DESTROY of the very socket: the kernel compares the cookie.
func (n Namespace) destroy(s Socket) error {
	b := make([]byte, sockdiag.RequestSize)
	b[0], b[1] = unix.AF_INET6, unix.IPPROTO_TCP
	if s.Local.Addr().Is4() {
		b[0] = unix.AF_INET
	}
	binary.NativeEndian.PutUint32(b[4:], statesAll)
	binary.BigEndian.PutUint16(b[8:], s.Local.Port())
	binary.BigEndian.PutUint16(b[10:], s.Remote.Port())
	copy(b[12:], s.Local.Addr().AsSlice())
	copy(b[28:], s.Remote.Addr().AsSlice())
	binary.NativeEndian.PutUint32(b[44:], s.Device)
	binary.NativeEndian.PutUint32(b[48:], uint32(s.Cookie))
	binary.NativeEndian.PutUint32(b[52:], uint32(s.Cookie>>32))
	return n.Do(func() error { return sockdiag.Destroy(b) })
}
