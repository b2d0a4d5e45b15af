package portcheck

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/internal/trail"

	"golang.org/x/sys/unix"
)

// Verdict is whether one port is free, after what was done for that.
type Verdict struct {
	Range    // of one port
	Free     bool
	Unproven bool   // nobody holds it, and whether it could be bound was not to be tried
	Reason   string // why it is not free, or not proven to be
	Hint     string // what frees it
	Again    bool   // it was freed and taken again
}

const (
	closePatience = 2 * time.Second // for the kernel to close the sockets of a process that has ended
	provePause    = 5 * time.Millisecond
	shellLooks    = 2 // between two jobs of a loop a shell has its terminal for a moment
)

// Prove looks again at all ports of before, after the acts: a port is free when no socket holds it and a server could
// bind it. With order.Settle it first waits for those who may start a process again.
func (v *View) Prove(ctx context.Context, before Survey, acts []Act, order Order) ([]Verdict, Survey, error) {
	err := v.waitClosed(ctx, before, acts, order)
	if ctx.Err() != nil {
		return nil, Survey{}, errors.New("cannot prove that the ports are free: interrupted")
	}
	if err != nil {
		return nil, Survey{}, err
	}
	after, err := v.Observe(ctx, Query{Ranges: before.Ranges, At: before.At, Bound: before.Bound, Thorough: true})
	if err != nil {
		return nil, after, err
	}
	var verdicts []Verdict
	for _, r := range before.Ranges {
		for port := int(r.Low); port <= int(r.High); port++ {
			verdict := v.verdict(ctx, Range{r.Protocol, uint16(port), uint16(port)}, before, after)
			if verdict.Free {
				verdict.Reason, verdict.Hint = v.startedAgain(ctx, acts, verdict.String())
				verdict.Free, verdict.Again = verdict.Reason == "", verdict.Reason != ""
			}
			verdicts = append(verdicts, verdict)
		}
	}
	return verdicts, after, nil
}

// waitClosed waits until the sockets from before are gone, and then for as long as the port may be taken again.
func (v *View) waitClosed(ctx context.Context, before Survey, acts []Act, order Order) error {
	var watching []Act
	prompted := map[int]int{} // how often in a row a shell was seen to prompt
	acted := false
	for _, a := range acts {
		acted = acted || a.Status == report.Applied
		if a.Status == report.Applied && a.settle > 0 && order.Settle {
			watching = append(watching, a)
		}
	}
	if !acted {
		return nil
	}
	closed := time.Now().Add(closePatience)
	var quiet time.Time
	for {
		held, err := v.Held(before.Query)
		if err != nil {
			return err
		}
		watching = slices.DeleteFunc(watching, func(a Act) bool {
			if a.shell == 0 || !prompts(a.shell) {
				prompted[a.shell] = 0
				return false
			}
			prompted[a.shell]++
			return prompted[a.shell] > shellLooks
		})
		anew := slices.ContainsFunc(held, func(s Socket) bool { return !before.knows(s) })
		switch now := time.Now(); {
		case anew:
			return nil
		case len(held) > 0 && now.After(closed):
			return nil
		case len(held) > 0:
		case quiet.IsZero():
			quiet = now
		}
		if !quiet.IsZero() && !slices.ContainsFunc(watching, func(a Act) bool { return time.Since(quiet) < a.settle }) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(provePause):
		}
	}
}

// knows reports whether the survey has the very same socket.
func (s Survey) knows(socket Socket) bool {
	return slices.ContainsFunc(s.Holders, func(h Holder) bool {
		if h.Cookie != 0 && socket.Cookie != 0 {
			return h.Cookie == socket.Cookie
		}
		return h.Inode == socket.Inode
	})
}

// isHeir reports whether nobody of those who had the socket before has it still.
func (s Survey) isHeir(h Holder) bool {
	i := slices.IndexFunc(s.Holders, func(b Holder) bool { return b.Inode == h.Inode && len(b.Owners) > 0 })
	return i >= 0 && len(h.Owners) > 0 && !slices.ContainsFunc(h.Owners, func(o Owner) bool {
		return slices.ContainsFunc(s.Holders[i].Owners, func(p Owner) bool { return p.Pid == o.Pid })
	})
}

func (v *View) verdict(ctx context.Context, port Range, before, after Survey) Verdict {
	result := Verdict{Range: port}
	for _, h := range after.Holders {
		if !port.Has(h.Protocol, h.Port()) {
			continue
		}
		word := "still held by "
		if !before.knows(h.Socket) {
			word = "taken again by "
			result.Again = true
		}
		result.Reason, result.Hint = word+who(ctx, h), wayOut(ctx, h, result.Again)
		if !result.Again && before.isHeir(h) {
			result.Reason += ", which got it meanwhile"
			result.Hint = "sudo " + h.command("--kill --signal KILL") + " gives it no time for that"
		}
		return result
	}
	err := v.tryBind(port, before.At)
	if errors.Is(err, unix.EADDRINUSE) { // a descriptor that was looked at is closed by now
		time.Sleep(provePause)
		err = v.tryBind(port, before.At)
	}
	result.judge(ctx, err, after)
	return result
}

// judge says what a trial bind of a port tells that nobody holds.
func (r *Verdict) judge(ctx context.Context, err error, s Survey) {
	switch {
	case err == nil:
		r.Free = true
	case errors.Is(err, unix.EADDRINUSE):
		r.Reason, r.Hint = inTheWay(ctx, r.Range, s, err)
		r.Reason = "no server can bind it: " + r.Reason
	default:
		r.Unproven, r.Reason = true, "nobody holds it, and whether a server can bind it is not known: "+host.Cause(err).Error()
	}
}

// Blocked returns the ports of s that nobody holds and that are not proven to be free all the same, each with the reason.
func (v *View) Blocked(ctx context.Context, s Survey) (blocked []Verdict) {
	held := map[Range]bool{}
	for _, h := range s.Holders {
		held[Range{h.Protocol, h.Port(), h.Port()}] = true
	}
	for _, r := range s.Ranges {
		for port := int(r.Low); port <= int(r.High); port++ {
			one := Verdict{Range: Range{r.Protocol, uint16(port), uint16(port)}}
			if held[one.Range] {
				continue
			}
			if one.judge(ctx, v.tryBind(one.Range, s.At), s); !one.Free {
				blocked = append(blocked, one)
			}
		}
	}
	return blocked
}

// tryBind returns the first error of a trial bind in all namespaces. A UDP port is not bound: a trial would be in the
// way of a server that starts at that moment, and the table of the kernel has every UDP socket, so that a port
// without a holder is free, for who may bind it at an address that is there.
func (v *View) tryBind(port Range, at []netip.Addr) (err error) {
	for _, n := range v.namespaces {
		if port.Protocol == UDP {
			err = n.mayBindUDP(port.Low, at)
		} else {
			err = n.TryBind(port.Protocol, port.Low, at)
		}
		if err != nil {
			break
		}
	}
	v.host.Trail().Step("binds", slog.String("port", port.String()), slog.Bool("bound", err == nil), trail.Failed(err))
	return err
}

// who names the owners of a socket, and who started the first of them.
func who(ctx context.Context, h Holder) string {
	if len(h.Owners) == 0 {
		return fmt.Sprintf("a socket of user %s: %s", userName(h.UID), h.Reason)
	}
	o := h.Owners[0]
	text := fmt.Sprintf("%s (pid %d)", o.Process.Name, o.Pid)
	if more := len(h.Owners) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	if name, ok := unitOf(o.Process.Cgroup); ok {
		text += " of " + name.String()
	}
	if parent, err := Details(ctx, o.Process.Parent); err == nil && parent.Pid > 1 {
		text += fmt.Sprintf(", started by %s (pid %d)", parent.Name, parent.Pid)
	}
	return text
}
