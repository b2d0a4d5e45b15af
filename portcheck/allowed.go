package portcheck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/report"
)

// Allowed says what this process lacks to do all that was planned, and nil where it lacks nothing. It touches nothing, and
// is asked before anything is: of two holders, the one that may not be ended would keep the port, and the other would
// have been ended in vain.
func (v *View) Allowed(ctx context.Context, s Survey, acts []Act) error {
	for _, h := range s.Holders {
		if h.Veiled {
			return notAllowed(h.target(), h.Reason, s.Unveil)
		}
	}
	for _, a := range acts {
		if a.Status != report.Planned {
			continue
		}
		switch a.Kind {
		case report.Unit:
			if euid := os.Geteuid(); euid != 0 && !(a.unit.user && a.unit.uid == uint32(euid)) {
				return notAllowed(a.Ports[0], "systemd stops "+a.unit.String()+" for root", "")
			}
		case report.Connection:
			i := slices.IndexFunc(s.conns, func(h Holder) bool { return h.Socket == a.socket })
			if i >= 0 && s.conns[i].Veiled { // whose it is decides whether it may be closed
				return notAllowed(a.Ports[0], s.conns[i].Reason, s.Unveil)
			}
			switch set, err := effective(); {
			case err == nil && set&(1<<unix.CAP_NET_ADMIN) != 0:
			case os.Geteuid() != 0:
				return notAllowed(a.Ports[0], "only root may close a connection", "")
			default:
				return notAllowed(a.Ports[0], "this tcptune lacks CAP_NET_ADMIN, with which connections are closed",
					"docker run --cap-add NET_ADMIN, or in a unit CapabilityBoundingSet= with CAP_NET_ADMIN")
			}
		case report.Signal:
			if err := v.mayEnd(ctx, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// mayEnd asks the kernel whether the process of a could be looked at once more, and sent a signal. One that has ended is no
// obstacle.
func (v *View) mayEnd(ctx context.Context, a Act) error {
	p, err := v.host.OpenProcess(a.Pid)
	if err == nil {
		defer p.Close()
		if err = p.Signal(unix.Signal(0)); err == nil {
			t := &target{view: v, act: &a, process: p}
			t.stillHolds(ctx)
			if a.Status == report.Refused {
				return notAllowed(a.Ports[0], a.Reason, "")
			}
			return nil
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case !errors.Is(err, os.ErrPermission):
		return fmt.Errorf("cannot free %s: %w", a.Ports[0], err)
	case os.Geteuid() == 0:
		return notAllowed(a.Ports[0], fmt.Sprintf("process %s may not be sent a signal, since this tcptune lacks CAP_KILL", a.holderName()),
			"docker run --cap-add KILL, or in a unit CapabilityBoundingSet= with CAP_KILL")
	}
	return notAllowed(a.Ports[0], a.holderName()+" is another user's", "")
}

// notAllowed is exit code 77. Without a hint it is being root that helps.
func notAllowed(port, why, hint string) error {
	return &report.Error{
		Code: report.NeedsRoot, Exit: report.ExitNeedsRoot, Message: fmt.Sprintf("cannot free %s: %s", port, why), Hint: hint,
	}
}
