package portcheck

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// A socket can be open without a descriptor that leads to it: in the file table of an io_uring, whose fdinfo names it, and
// on its way from one process to another over a Unix socket (SCM_RIGHTS), whose fdinfo tells only how many wait there. See
// proc_pid_fdinfo(5).

// Way is how a descriptor leads to a socket.
type Way string

// The ways.
const (
	Directly  Way = ""
	Ring      Way = "io_uring" // the descriptor is that of an io_uring
	Accepting Way = "accept"   // the descriptor is closed, and a thread waits in accept(2) all the same
	Waiting   Way = "unix"     // that of a Unix socket on which descriptors wait, of the socket or of something else
)

// findAfloat looks for the sockets that no descriptor leads to. rings are certain, waiting are not, and have no inode. To look
// at every socket of the machine for those takes a while, and is left out unless unix is set.
func findAfloat(ctx context.Context, missing map[uint64]bool, unix bool) (rings, waiting []Descriptor) {
	for _, pid := range pids() {
		if ctx.Err() != nil {
			return nil, nil
		}
		dir := "/proc/" + strconv.Itoa(pid) + "/fd"
		folder, err := os.Open(dir)
		if err != nil {
			continue // it has ended
		}
		names, _ := folder.Readdirnames(-1)
		_ = folder.Close()
		for _, name := range names {
			fd, _ := strconv.Atoi(name)
			link, err := os.Readlink(path.Join(dir, name))
			if err != nil || link != "anon_inode:[io_uring]" && (!unix || !strings.HasPrefix(link, "socket:[")) {
				continue
			}
			sockets, count := readFdinfo(pid, fd)
			for inode := range sockets {
				if missing[inode] {
					rings = append(rings, Descriptor{Pid: pid, Tid: pid, FD: fd, Inode: inode, Way: Ring})
				}
			}
			if count > 0 {
				waiting = append(waiting, Descriptor{Pid: pid, Tid: pid, FD: fd, Way: Waiting})
			}
		}
	}
	return rings, waiting
}

// readFdinfo reads which sockets an io_uring has in its table, and how many descriptors wait on a Unix socket.
func readFdinfo(pid, fd int) (sockets map[uint64]bool, waiting int) {
	data, err := (host.Host{}).ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", pid, fd))
	if err != nil {
		return nil, 0
	}
	sockets = map[uint64]bool{}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimSpace(value)
		if inode, ok := socketInode([]byte(value)); ok {
			sockets[inode] = true
		}
		if key == "scm_fds" {
			waiting, _ = strconv.Atoi(value)
		}
	}
	return sockets, waiting
}

// lookForMoving gives the sockets without owners those that an io_uring proves, and returns the candidates of the others.
// Two processes may be handing a socket to and fro: then one of several looks finds it.
func (s *Survey) lookForMoving(ctx context.Context, owners *Owners) (waiting []Descriptor, err error) {
	looks, few := 2, sizeOf(s.Ranges) <= restPorts
	if s.Thorough {
		looks = 5
	}
	for look := 1; len(owners.Hidden) == 0; look++ {
		missing := s.missing(*owners)
		if len(missing) == 0 {
			break
		}
		rings, now := findAfloat(ctx, missing, s.Thorough || few)
		owners.Descriptors = append(owners.Descriptors, rings...)
		waiting = append(waiting, now...)
		if look == looks || !s.Thorough && (len(now) > 0 || !few) {
			break
		}
		again, err := Walk(ctx, missing, nil)
		if err != nil {
			return nil, err
		}
		owners.Descriptors = append(owners.Descriptors, again.Descriptors...)
	}
	if len(owners.Hidden) == 0 && len(s.missing(*owners)) > 0 {
		waiting = append(allAccepting(), waiting...) // the likeliest first
	}
	return waiting, nil
}

// missing are the sockets without an owner, but for those that the kernel itself is known to hold.
func (s *Survey) missing(owners Owners) map[uint64]bool {
	missing := map[uint64]bool{}
	for _, h := range s.Holders {
		known := slices.ContainsFunc(owners.Descriptors, func(d Descriptor) bool { return d.Inode == h.Inode })
		if !known && h.Inode != 0 && (s.Thorough || kernelUserOf(h.Protocol, h.Port()) == "") {
			missing[h.Inode] = true
		}
	}
	return missing
}

// candidates makes those the candidates of every socket without an owner.
func (s *Survey) candidates(ctx context.Context, waiting []Descriptor) {
	var all []Owner
	for _, d := range waiting {
		i := slices.IndexFunc(all, func(o Owner) bool { return o.Pid == d.Pid })
		if i >= 0 && slices.Contains(all[i].Descriptors, d) {
			continue
		}
		if i < 0 {
			p, err := Details(ctx, d.Pid)
			if err != nil {
				continue
			}
			i = len(all)
			all = append(all, Owner{Process: p})
		}
		all[i].Descriptors = append(all[i].Descriptors, d)
	}
	for i := range s.Holders {
		if h := &s.Holders[i]; len(h.Owners) == 0 && h.Inode != 0 {
			h.Candidates = all
		}
	}
}

// name makes those candidates owners that a person has named, and returns the names that are none.
func (s *Survey) name(pids []int) (others []int) {
	others = slices.Clone(pids)
	for i := range s.Holders {
		h := &s.Holders[i]
		for _, c := range h.Candidates {
			if !slices.Contains(pids, c.Pid) {
				continue
			}
			o := Owner{Process: c.Process}
			for _, d := range c.Descriptors {
				d.Inode = h.Inode
				o.Descriptors = append(o.Descriptors, d)
			}
			h.Owners = append(h.Owners, o)
			others = slices.DeleteFunc(others, func(pid int) bool { return pid == c.Pid })
		}
	}
	return others
}

// afloat reports whether the process still has the socket of h without a descriptor, or may have it.
func (t *target) afloat(h hold) (bool, error) {
	sockets, waiting := readFdinfo(h.Pid, h.FD)
	switch {
	case !t.process.Alive():
		return false, nil
	case h.Way == Accepting:
		if !slices.ContainsFunc(accepting(h.Pid), func(d Descriptor) bool { return d.Tid == h.Tid && d.FD == h.FD }) {
			return false, nil
		}
	case !sockets[h.Inode] && (h.Way != Waiting || waiting == 0):
		return false, nil
	}
	held, err := t.view.Held(Query{Ranges: []Range{h.at}, Bound: true})
	return slices.ContainsFunc(held, func(s Socket) bool { return s.Inode == h.Inode && s.Cookie == h.cookie }), err
}

// whereAfloat says where a socket without a descriptor may be, "" where nothing tells.
func (h Holder) whereAfloat() string {
	if len(h.Candidates) == 0 {
		return ""
	}
	var names []string
	for _, c := range h.Candidates {
		name := fmt.Sprintf("%s (pid %d)", c.Process.Name, c.Pid)
		if c.Descriptors[0].Way == Accepting {
			return "no process has it open: it was closed while a thread waited in accept(2), as one of " +
				name + " does"
		}
		names = append(names, name)
	}
	text := "no process has it open: it waits to be received over a Unix socket, and descriptors wait on one of " +
		strings.Join(names[:min(len(names), mostNames)], ", ")
	if more := len(names) - mostNames; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	if name := h.OriginName(); name != "" && name != "/" {
		text += "; it was made in " + name
	}
	return text
}

const mostNames = 4
