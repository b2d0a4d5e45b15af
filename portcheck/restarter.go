package portcheck

import (
	"context"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/host"
)

// What is known of who may start a program again, and for how long the port is watched after its end.
const (
	settleTime   = 500 * time.Millisecond
	settleParent = 1500 * time.Millisecond // runsv(8), s6-supervise and supervise(8) start a program once a second at most
	settleMost   = 10 * time.Second

	settleContainer = 3 * time.Second // what an engine needs to start one
)

// stat is what /proc/PID/stat tells of the terminal and the job control of a process.
type stat struct {
	state                                   byte
	parent, group, session, terminal, front int    // front: the process group in the foreground of the terminal
	start                                   uint64 // in ticks of 10 ms since boot
}

func readStat(pid int) (s stat, ok bool) {
	data, err := (host.Host{}).ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return s, false
	}
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:])) // from field 3
	const start = 19
	if len(fields) <= start {
		return s, false
	}
	s.state = fields[0][0]
	for i, to := range []*int{&s.parent, &s.group, &s.session, &s.terminal, &s.front} {
		if *to, err = strconv.Atoi(fields[1+i]); err != nil {
			return s, false
		}
	}
	s.start, err = strconv.ParseUint(fields[start], 10, 64)
	return s, err == nil
}

// restarter says how long whoever watches over the process may take to start it again, 0 where nobody could: its parent
// is systemd, which knows of no restart, a reaper of orphans, or a shell that waits for this tcptune. shell is a
// person's shell that has started it: once its terminal has come back to it, it waits for the person.
func (f *facts) restarter(o Owner) (settle time.Duration, shell int) {
	if name, ok := unitOf(o.Process.Cgroup); ok {
		u := f.units[name]
		if u.Restart != "" && u.Restart != "no" {
			return max(settleTime, min(u.RestartDelay+settleTime, settleMost)), 0
		}
		if settle := f.triggered(name); settle > 0 {
			return settle, 0
		}
	}
	up := o.Process.Parent
	switch parent, known := f.parents[o.Pid]; {
	case up == 0 || known && path.Base(parent.Exe) == "systemd" || known && up == 1 && reaps(parent):
		return 0, 0
	case known && f.ancestors[up] && f.waitsForUs(parent):
		return 0, 0
	case known && up != 1 && hasJobs(parent, o.Pid):
		return settleParent, up
	}
	return settleParent, 0
}

// triggered is how long it takes until something else starts a unit whose end it has seen, 0 where nothing does.
func (f *facts) triggered(name unitName) (settle time.Duration) {
	if len(f.units[name].Follows) > 0 {
		settle = settleParent
	}
	for _, by := range f.starters(name) {
		settle = max(settle, f.units[by].Period+settleParent)
	}
	return min(settle, settleMost)
}

// starters are the paths and timers that soon start a unit again by themselves. A timer with a calendar, or one that
// is rare, is a schedule: it may do so when its time comes.
func (f *facts) starters(name unitName) (units []unitName) {
	for _, trigger := range f.units[name].TriggeredBy {
		by := name.sibling(trigger)
		t := f.units[by]
		soon := path.Ext(trigger) == ".path" || path.Ext(trigger) == ".timer" && t.Period > 0 && t.Period <= time.Minute
		if soon && t.Active == host.Active {
			units = append(units, by)
		}
	}
	return units
}

// reaps reports whether the first process of a PID namespace is one of those that start one program and bury the
// others.
func reaps(p Process) bool {
	reapers := []string{"tini", "tini-static", "docker-init", "dumb-init", "catatonit", "podman-init", "pause"}
	return slices.Contains(reapers, path.Base(p.Exe))
}

// isShell reports whether p runs one of the shells, which have one thread.
func isShell(p Process) bool {
	return slices.Contains([]string{"sh", "bash", "dash", "zsh", "ksh", "mksh", "fish"}, path.Base(p.Exe))
}

// waitsForUs reports whether a process above this tcptune starts nothing before that has ended: a shell that runs it
// in the foreground. A script has its foreground alone; the first process of a PID namespace has everybody below it,
// also what runs in the background.
func (f *facts) waitsForUs(parent Process) bool {
	s, ok := readStat(parent.Pid)
	if !ok || !isShell(parent) || parent.Pid == 1 && s.terminal == 0 {
		return false
	}
	if s.terminal == 0 {
		return true
	}
	for pid := range f.ancestors {
		if us, ok := readStat(pid); ok && pid != parent.Pid && us.group == s.front {
			return true
		}
	}
	return false
}

// aboutParent remembers who has started the owner.
func (f *facts) aboutParent(ctx context.Context, o Owner) {
	if parent, err := Details(ctx, o.Process.Parent); err == nil {
		f.parents[o.Pid] = parent
	}
}

// hasJobs reports whether parent is a shell at a terminal that gives each job a process group of its own, as only one
// does that a person types into: a script leaves its children in its own group.
func hasJobs(parent Process, job int) bool {
	if !isShell(parent) {
		return false
	}
	p, ok := readStat(parent.Pid)
	j, ok2 := readStat(job)
	return ok && ok2 && p.terminal != 0 && p.session == j.session && p.group != j.group
}

// prompts reports whether a shell has its terminal back and waits, for a person to type.
func prompts(shell int) bool {
	s, ok := readStat(shell)
	return !ok && gone(shell) || ok && s.state == 'S' && s.front == s.group
}

func gone(pid int) bool {
	_, err := os.Lstat("/proc/" + strconv.Itoa(pid))
	return os.IsNotExist(err)
}
