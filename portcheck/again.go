package portcheck

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// A server that was started again needs a while until it listens, and a look at the port alone takes that for free.
// So the things themselves are looked at once more: the unit, and who had started the process.

// watched is what is known of a process before its end.
type watched struct {
	unit    unitName // in which it runs, where that is one that may start it again
	was     host.Unit
	parents []birth // those that are above it
	program Process
	since   uint64       // when it was sent the signal, in ticks since boot
	others  map[int]bool // children of parents then: a tick is long
}

// birth tells a process from a later one of the same number.
type birth struct {
	pid   int
	start uint64
}

// watch remembers who could start the owner again.
func (f *facts) watch(o Owner) (w watched) {
	w.program = o.Process
	if name, ok := unitOf(o.Process.Cgroup); ok {
		w.unit, w.was = name, f.units[name]
	}
	for pid := range ancestry(o.Pid) {
		if s, ok := readStat(pid); ok {
			w.parents = append(w.parents, birth{pid, s.start})
		}
	}
	if first, ok := readStat(1); ok && o.Process.Parent == 1 {
		w.parents = append(w.parents, birth{1, first.start})
	}
	return w
}

// begin is called right before the signal.
func (w *watched) begin() {
	w.since, w.others = ticksSinceBoot(), map[int]bool{}
	for _, b := range w.parents {
		children, _ := childrenOf(b.pid) // it may have ended by now
		for _, pid := range children {
			w.others[pid] = true
		}
	}
}

// ticksSinceBoot is the time in the unit in which /proc/PID/stat has the start of a process.
func ticksSinceBoot() uint64 {
	const perSecond = 100
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) != nil {
		return 0
	}
	return uint64(now.Nano()) / (1e9 / perSecond)
}

// startedAgain says of a port that nobody holds at this moment why it is not free all the same, "" for nothing: what
// was ended has been started again and does not listen yet, or does not end.
func (v *View) startedAgain(ctx context.Context, acts []Act, port string) (reason, hint string) {
	for i := range acts {
		a := &acts[i]
		if !slices.Contains(a.Ports, port) {
			continue
		}
		switch {
		case a.Status == report.Failed:
			return fmt.Sprintf("nobody holds it at this moment, but %s: %s", a.holderName(), a.Reason), a.hintOfUnit()
		case a.Status != report.Applied:
		case a.Kind == report.Unit:
			if u, err := v.manager(a.unit).Unit(ctx, a.unit.name); err == nil && runs(u) {
				return fmt.Sprintf("%s was started again, and does not listen yet", a.unit), a.hintOfUnit()
			}
		case a.Kind == report.Signal && a.Effective == nil:
			if reason, hint := v.startedAnew(ctx, a.watched); reason != "" {
				return reason, hint
			}
		}
	}
	return "", ""
}

// hintOfUnit stops what starts a unit with it.
func (a Act) hintOfUnit() string {
	if a.Kind != report.Unit {
		return ""
	}
	return a.unit.stop(strings.Join(append(slices.Clone(a.startedBy), a.unit.name), " "))
}

// runs reports whether a unit has a program that runs, or is about to have one.
func runs(u host.Unit) bool {
	return u.Active == host.Active || u.Active == "activating" || u.Active == "reloading"
}

// startedAnew is startedAgain for a process.
func (v *View) startedAnew(ctx context.Context, w watched) (reason, hint string) {
	if restarts := w.was.Restart != "" && w.was.Restart != "no"; restarts || len(w.was.TriggeredBy) > 0 {
		u, err := v.manager(w.unit).Unit(ctx, w.unit.name)
		other := u.MainPID != w.was.MainPID || u.Restarts > w.was.Restarts
		if err == nil && (u.Active == "activating" || runs(u) && other) {
			return fmt.Sprintf("%s starts it again, and does not listen yet", w.unit), w.unit.stop(w.unit.name)
		}
	}
	for i, b := range w.parents {
		if s, ok := readStat(b.pid); !ok || s.start != b.start {
			continue
		}
		parent, err := Details(ctx, b.pid)
		if err != nil || path.Base(parent.Exe) == "systemd" {
			continue
		}
		if child, ok := w.heir(ctx, parent, i == 0); ok {
			by := fmt.Sprintf("%s (pid %d)", parent.Name, parent.Pid)
			hint = by + " starts it again: end that one first"
			if path.Ext(w.unit.name) == ".service" {
				hint = w.unit.stop(w.unit.name)
			}
			return fmt.Sprintf("%s has started %s (pid %d) since, which does not listen yet", by, child.Name, child.Pid), hint
		}
	}
	return "", ""
}

// heir is a process below parent that is younger than the signal and runs the same program. Directly below who had
// started that it may also be what runs it: supervisors start a script, which ends in the program.
func (w watched) heir(ctx context.Context, parent Process, direct bool) (heir Process, found bool) {
	young, _ := childrenOf(parent.Pid) // it may have ended by now
	for at := 0; len(young) > at && at < mostDescendants; at++ {
		pid := young[at]
		if s, ok := readStat(pid); !ok || w.others[pid] || s.start < w.since || s.state == 'Z' {
			continue
		}
		p, err := Details(ctx, pid)
		if err != nil {
			continue
		}
		if w.runsAgain(p) || direct && p.Parent == parent.Pid && isWrapper(p) && !isShell(parent) {
			return p, true
		}
		below, _ := childrenOf(pid)
		young = append(young, below...)
	}
	return Process{}, false
}

// runsAgain reports whether p runs the program, or a wrapper that will run it with the same arguments.
func (w watched) runsAgain(p Process) bool {
	was, is := w.program.Args, p.Args
	if p.Exe != "" && p.Exe == w.program.Exe && (sameScript(was, is) || slices.Equal(was, is)) {
		return true
	}
	return isWrapper(p) && len(was) > 1 && len(is) >= len(was) && slices.Equal(was[1:], is[len(is)-len(was)+1:])
}

// manager is that of a unit.
func (v *View) manager(u unitName) host.Manager {
	if u.user {
		return v.host.UserManager(u.uid)
	}
	return v.host.SystemManager()
}
