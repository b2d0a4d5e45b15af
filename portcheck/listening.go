package portcheck

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// Listening is a TCP socket that listens, and one process that has it open.
type Listening struct {
	Socket
	Pid    int    // 0 where none was found
	Name   string // of the program
	Cgroup Cgroup // of the process, or the one in which the socket was made
	Why    string // no process was found, or ""
}

// Listening lists the TCP sockets that listen on the ports from low to high of the own network namespace, in the order
// of their ports. It is for a look at all of them: where the control group in which a socket was made has a process
// that holds it, no other is looked into, and single threads never are. Who is to be ended, [View.Observe] finds.
func (v *View) Listening(ctx context.Context, low, high uint16) (all []Listening, err error) {
	held, err := v.Held(Query{Ranges: []Range{{Protocol: TCP, Low: max(low, 1), High: high}}})
	if err != nil {
		return nil, err
	}
	origins := map[uint64]Cgroup{}
	var pids []int
	for _, s := range held {
		origin, known := origins[s.Cgroup]
		if !known && s.Cgroup != 0 {
			if p, ok := CgroupPath(s.Cgroup); ok {
				origin = CgroupOf(p)
			}
			origins[s.Cgroup] = origin
			if origin.Path != "/" && origin.Path != "" && origin.Unit != initScope {
				members, _ := CgroupPids(origin.Path) // without them all processes are looked into
				pids = append(pids, members...)
			}
		}
		all = append(all, Listening{Socket: s, Cgroup: origin})
	}
	slices.Sort(pids)
	var hidden []int
	for _, where := range [][]int{slices.Compact(pids), nil} { // nil: all processes
		wanted := unowned(all)
		if len(wanted) == 0 || where != nil && len(where) == 0 {
			continue
		}
		owners, err := Walk(ctx, wanted, where)
		if err != nil {
			return nil, err
		}
		hidden = owners.Hidden
		own(all, owners.Descriptors)
	}
	for i, l := range all {
		if l.Pid == 0 {
			all[i].Why = whyNobody(hidden)
		}
	}
	return all, nil
}

func whyNobody(hidden []int) string {
	if len(hidden) == 0 {
		return "no process that can be seen has it open"
	}
	reason, _ := veil(hidden)
	return NotVisible + ": " + reason
}

// Holding lists the same sockets, each as often as there are processes that have it open: workers, and what systemd has
// started for a socket unit. It looks into all processes.
func (v *View) Holding(ctx context.Context, low, high uint16) (all []Listening, err error) {
	held, err := v.Held(Query{Ranges: []Range{{Protocol: TCP, Low: max(low, 1), High: high}}})
	if err != nil {
		return nil, err
	}
	wanted := map[uint64]bool{}
	for _, s := range held {
		wanted[s.Inode] = true
	}
	owners, err := Walk(ctx, wanted, nil)
	if err != nil {
		return nil, err
	}
	details := map[int]Listening{}
	for _, s := range held {
		before := len(all)
		for _, d := range owners.Descriptors { // in the order of processes
			if d.Inode != s.Inode || len(all) > before && all[len(all)-1].Pid == d.Pid {
				continue
			}
			l, known := details[d.Pid]
			if !known {
				l = Named(d.Pid)
				details[d.Pid] = l
			}
			l.Socket = s
			all = append(all, l)
		}
		if len(all) == before {
			all = append(all, Listening{Socket: s, Why: whyNobody(owners.Hidden)})
		}
	}
	return all, nil
}

// initScope is the control group of PID 1, which opens the sockets of socket units.
const initScope = "init.scope"

// unowned are the inodes of those sockets of which no process is known yet.
func unowned(all []Listening) map[uint64]bool {
	wanted := map[uint64]bool{}
	for i, l := range all {
		if l.Cgroup.Unit == initScope { // of a socket unit: it is systemd's, whoever else has got it
			all[i].Pid, all[i].Name = 1, "systemd"
		} else if l.Pid == 0 && l.Inode != 0 {
			wanted[l.Inode] = true
		}
	}
	return wanted
}

// own gives each socket the first process that has it open.
func own(all []Listening, found []Descriptor) {
	for i, l := range all {
		at := slices.IndexFunc(found, func(d Descriptor) bool { return d.Inode == l.Inode })
		if at < 0 || l.Pid != 0 {
			continue
		}
		owned := Named(found[at].Pid)
		owned.Socket = l.Socket
		if owned.Cgroup.Path == "" {
			owned.Cgroup = l.Cgroup
		}
		all[i] = owned
	}
}

// Named is a process by its name and control group, as far as they can be read.
func Named(pid int) Listening {
	h, l := host.Host{}, Listening{Pid: pid}
	if comm, err := h.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); err == nil {
		l.Name = printable(strings.TrimSpace(string(comm)))
	}
	if text, err := h.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid)); err == nil {
		l.Cgroup = ParseCgroup(text)
	}
	return l
}

// AllPorts is the highest port.
const AllPorts = math.MaxUint16
