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
	parent, group, session, terminal, front int // front: the process group in the foreground of the terminal
}

func readStat(pid int) (s stat, ok bool) {
	data, err := (host.Host{}).ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return s, false
	}
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:])) // from field 3
	if len(fields) < 6 {
		return s, false
	}
	s.state = fields[0][0]
	for i, to := range []*int{&s.parent, &s.group, &s.session, &s.terminal, &s.front} {
		if *to, err = strconv.Atoi(fields[1+i]); err != nil {
			return s, false
		}
	}
	return s, true
}

// restarter says how long whoever watches over the process may take to start it again, 0 where nobody could: its parent
// is systemd, which knows of no restart, or waits for this tcptune. shell is a person's shell that has started it: once
// its terminal has come back to it, it waits for the person.
func (f *facts) restarter(o Owner) (settle time.Duration, shell int) {
	if name, ok := unitOf(o.Process.Cgroup); ok {
		if u := f.units[name]; u.Restart != "" && u.Restart != "no" {
			return max(settleTime, min(u.RestartDelay+settleTime, settleMost)), 0
		}
	}
	up := o.Process.Parent
	switch parent, known := f.parents[o.Pid]; {
	case up == 0 || f.ancestors[up] && up != 1 || known && path.Base(parent.Exe) == "systemd":
		return 0, 0
	case known && up == 1 && isWrapper(parent): // tini(1) and the like, which end with their program
		return 0, 0
	case known && up != 1 && hasJobs(parent, o.Pid):
		return settleParent, up
	}
	return settleParent, 0
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
	if !slices.Contains([]string{"sh", "bash", "dash", "zsh", "ksh", "mksh", "fish"}, path.Base(parent.Exe)) {
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
