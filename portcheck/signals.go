package portcheck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// killPatience is how long the kernel may take to end a process after SIGKILL; one that waits for a disk takes longer.
const killPatience = 5 * time.Second

// signalAll sends the first signal to all processes, and waits for them together.
func (v *View) signalAll(ctx context.Context, acts []Act, order Order) {
	var waiting, inVain []*target
	for i := range acts {
		a := &acts[i]
		if a.Kind != report.Signal || a.Status != report.Planned || a.skip(ctx) {
			continue
		}
		if t := v.aim(ctx, a); t != nil {
			defer t.process.Close()
			t.deaf = deaf(a.Pid, order.Signal)
			a.watched.begin()
			switch {
			case !t.send(order.Signal):
			case t.deaf.atOnce(order):
				inVain = append(inVain, t)
			default:
				t.wake(order.Signal)
				waiting = append(waiting, t)
			}
		}
	}
	name := signalName(order.Signal)
	first := func(t *target) string {
		if t.deaf.why != "" {
			return "has ended"
		}
		return "ended by " + name
	}
	waiting = await(ctx, waiting, order.Grace, first)
	waiting = append(waiting, await(ctx, inVain, deafGrace, first)...)
	if ctx.Err() != nil {
		for _, t := range waiting {
			t.act.Status, t.act.Reason = report.Failed, fmt.Sprintf("interrupted: it was sent %s, and no SIGKILL", name)
		}
		return
	}
	waiting = slices.DeleteFunc(waiting, func(t *target) bool { return t.hasLetGo(ctx, order.Signal) })
	if order.NoForce || order.Signal == unix.SIGKILL {
		for _, t := range waiting {
			t.act.Status, t.act.Reason = report.Failed, fmt.Sprintf("still runs %s after %s", order.Grace, name)
		}
		return
	}
	var killed []*target
	for _, t := range waiting {
		if t.send(unix.SIGKILL) {
			killed = append(killed, t)
		}
	}
	last := func(t *target) string {
		switch {
		case t.deaf.atOnce(order):
			return "ended by SIGKILL: it " + t.deaf.why
		case t.deaf.why != "":
			return fmt.Sprintf("ended by SIGKILL, %s after %s: it %s", order.Grace, name, t.deaf.why)
		}
		return fmt.Sprintf("ended by SIGKILL, %s after %s", order.Grace, name)
	}
	for _, t := range await(ctx, killed, killPatience, last) {
		t.act.Status, t.act.Reason = report.Failed, "does not end although it was sent SIGKILL: it waits inside of the kernel, for a disk or a network file system"
	}
}

// target is a process that is held fast.
type target struct {
	view    *View
	act     *Act
	process *host.Process
	deaf    deafness
}

// aim opens the process and proves that it still holds one of the sockets. From then on its pid cannot be taken for
// that of another one. It returns nil when there is nothing to signal.
func (v *View) aim(ctx context.Context, a *Act) *target {
	p, err := v.host.OpenProcess(a.Pid)
	if errors.Is(err, fs.ErrNotExist) {
		a.Status, a.Reason = report.Unchanged, "had ended by itself"
		return nil
	}
	if err != nil {
		a.fail(err)
		return nil
	}
	t := &target{view: v, act: a, process: p}
	if !t.stillHolds(ctx) {
		_ = p.Close()
		return nil
	}
	return t
}

// stillHolds reports whether the process has one of its sockets open, and says in the act if not.
func (t *target) stillHolds(ctx context.Context) bool {
	var failed error
	for _, h := range t.act.Holds {
		holds, err := false, error(nil)
		if h.Way == Directly {
			holds, err = t.process.HoldsSocket(h.Tid, h.FD, h.Inode, h.cookie)
		} else {
			holds, err = t.afloat(h)
		}
		if holds {
			return true
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = err
		}
	}
	if failed != nil {
		t.act.fail(failed)
		return false
	}
	if t.holdsElsewhere(ctx) {
		return true
	}
	t.act.Status, t.act.Reason = report.Unchanged, "does not hold it any more"
	return false
}

// findTries is how often a process is looked through for a socket that is on another descriptor each time.
const findTries = 20

// holdsElsewhere reports whether the process has one of its sockets open on another descriptor by now. It is looked through
// for the inode, and then the kernel is asked whether that is still the same socket.
func (t *target) holdsElsewhere(ctx context.Context) bool {
	pid := t.process.Pid()
	for _, h := range t.act.Holds {
		for range findTries {
			found, err := Walk(ctx, map[uint64]bool{h.Inode: true}, []int{pid})
			if err != nil || !t.process.Alive() {
				return false
			}
			held, err := t.view.Held(Query{Ranges: []Range{h.at}, Bound: true})
			if err != nil || !slices.ContainsFunc(held, func(s Socket) bool { return s.Inode == h.Inode && s.Cookie == h.cookie }) {
				break
			}
			if len(found.Descriptors) > 0 {
				return true
			}
		}
	}
	return false
}

// hasLetGo reports whether the process needs no SIGKILL: it has closed the socket after the signal, and may be busy
// with saving what it has. One whose thread waits in accept(2) on what is closed keeps the socket for ever.
func (t *target) hasLetGo(ctx context.Context, after unix.Signal) bool {
	if t.stillHolds(ctx) || len(accepting(t.process.Pid())) > 0 && t.isOpen() {
		return false
	}
	if t.act.Status == report.Unchanged {
		state := running
		t.act.Status, t.act.Effective = report.Applied, &state
		t.act.Reason = fmt.Sprintf("has closed it after %s, and still runs", signalName(after))
	}
	return true
}

// isOpen reports whether one of the sockets is still there, whoever has it.
func (t *target) isOpen() bool {
	return slices.ContainsFunc(t.act.Holds, func(h hold) bool {
		held, err := t.view.Held(Query{Ranges: []Range{h.at}, Bound: true})
		same := func(s Socket) bool { return s.Inode == h.Inode && s.Cookie == h.cookie }
		return err != nil || slices.ContainsFunc(held, same)
	})
}

// wake continues a process that job control has stopped, as systemd and shells do: until then it takes no signal but SIGKILL.
func (t *target) wake(after unix.Signal) {
	s, ok := readStat(t.process.Pid())
	if ok && s.state == 'T' && after != unix.SIGKILL && after != unix.SIGSTOP && after != unix.SIGTSTP {
		_ = t.process.Signal(unix.SIGCONT) // it has just taken one: if not, SIGKILL follows
	}
}

func (t *target) send(sig unix.Signal) bool {
	err := t.process.Signal(sig)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.act.Status, t.act.Reason = report.Applied, "has ended"
		return false
	case err != nil:
		t.act.fail(err)
		return false
	}
	if !t.process.Pinned() {
		t.act.Why += "; this kernel has no pidfd, its start time was compared instead"
	}
	return true
}

// await waits until all processes have ended or the time is over, and returns those that have not.
func await(ctx context.Context, targets []*target, patience time.Duration, how func(*target) string) (left []*target) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if len(targets) > 0 {
		what := "process " + targets[0].act.holderName() + " to end"
		if why := targets[0].deaf.why; why != "" {
			what += ", which " + why
		}
		if len(targets) > 1 {
			what = fmt.Sprintf("%d processes to end", len(targets))
		}
		defer targets[0].view.host.Trail().Waits(what)()
	}
	for _, t := range targets {
		if t.process.Wait(ctx) != nil && t.process.Alive() {
			left = append(left, t)
			continue
		}
		t.act.Status, t.act.Reason = report.Applied, how(t)
	}
	return left
}
