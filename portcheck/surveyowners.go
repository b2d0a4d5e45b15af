package portcheck

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
)

// findOwners finds the processes of all sockets, and describes them.
func (s *Survey) findOwners(ctx context.Context) error {
	wanted := map[uint64]bool{}
	all := slices.Concat(s.Holders, s.Rest)
	for i := range all {
		if all[i].Inode != 0 {
			wanted[all[i].Inode] = true
		}
	}
	origins := originsOf(all)
	for i := range s.Holders {
		s.Holders[i].Origin = origins[s.Holders[i].Cgroup]
	}
	for i := range s.Rest {
		s.Rest[i].Origin = origins[s.Rest[i].Cgroup]
	}
	if len(wanted) == 0 {
		return nil
	}
	if !s.Thorough && len(s.Rest) == 0 {
		found, err := s.ownersByCgroup(ctx, wanted)
		if err != nil || found {
			return err
		}
	}
	everywhere := maps.Clone(wanted)
	for _, h := range s.others {
		if h.Inode != 0 {
			everywhere[h.Inode] = true
		}
	}
	owners, err := Walk(ctx, everywhere, nil)
	if err != nil {
		return err
	}
	s.Hidden, s.open = owners.Hidden, owners.Descriptors
	owners.Descriptors = slices.DeleteFunc(slices.Clone(s.open), func(d Descriptor) bool { return !wanted[d.Inode] })
	if err := s.lookAgain(ctx, wanted, &owners); err != nil {
		return err
	}
	waiting, err := s.lookForMoving(ctx, &owners)
	if err != nil {
		return err
	}
	if err := s.assign(ctx, owners); err != nil {
		return err
	}
	s.candidates(ctx, waiting)
	return nil
}

func originsOf(holders []Holder) map[uint64]Cgroup {
	origins := map[uint64]Cgroup{}
	for _, h := range holders {
		if h.Cgroup == 0 {
			continue
		}
		if _, known := origins[h.Cgroup]; known {
			continue
		}
		origins[h.Cgroup] = Cgroup{}
		if path, ok := CgroupPath(h.Cgroup); ok {
			origins[h.Cgroup] = CgroupOf(path)
		}
	}
	return origins
}

// ownersByCgroup looks only into the control groups in which the sockets were made. found is false when that does not
// account for every socket, or when it cannot: what PID 1 made was made to be handed on, and the root group has most
// processes of a machine without systemd.
func (s *Survey) ownersByCgroup(ctx context.Context, wanted map[uint64]bool) (found bool, err error) {
	var pids []int
	seen := map[string]bool{}
	for _, h := range s.Holders {
		path := h.Origin.Path
		if path == "" || path == "/" || h.Origin.Unit == initScope {
			return false, nil
		}
		if seen[path] {
			continue
		}
		seen[path] = true
		members, err := CgroupPids(path)
		if err != nil {
			return false, nil
		}
		pids = append(pids, members...)
	}
	slices.Sort(pids)
	owners, err := Walk(ctx, wanted, slices.Compact(pids))
	if err != nil {
		return false, err
	}
	if len(owners.Hidden) > 0 {
		return false, nil
	}
	accounted := map[uint64]bool{}
	for _, d := range owners.Descriptors {
		if d.Pid == 1 {
			return false, nil
		}
		accounted[d.Inode] = true
	}
	if len(accounted) < len(wanted) {
		return false, nil
	}
	for i := range s.Holders {
		s.Holders[i].ByCgroup = true
	}
	return true, s.assign(ctx, owners)
}

// lookAgain looks at the file tables of single threads for the sockets that no process accounts for: see
// [WalkThreads]. It takes much longer, and is in vain where processes are hidden.
func (s *Survey) lookAgain(ctx context.Context, wanted map[uint64]bool, owners *Owners) error {
	if len(owners.Hidden) > 0 {
		return nil
	}
	missing := map[uint64]bool{}
	for inode := range wanted {
		missing[inode] = true
	}
	for _, d := range owners.Descriptors {
		delete(missing, d.Inode)
	}
	if len(missing) == 0 {
		return nil
	}
	more, err := WalkThreads(ctx, missing, nil)
	owners.Descriptors = append(owners.Descriptors, more.Descriptors...)
	s.Hidden = more.Hidden
	return err
}

// assign gives each socket its owners.
func (s *Survey) assign(ctx context.Context, found Owners) error {
	byInode := map[uint64][]Descriptor{}
	processes := map[int]*Process{}
	for _, d := range found.Descriptors {
		if _, known := processes[d.Pid]; !known {
			p, err := Details(ctx, d.Pid)
			if errors.Is(err, fs.ErrNotExist) {
				processes[d.Pid] = nil // it has ended meanwhile, and holds nothing any more
				continue
			}
			if err != nil {
				return fmt.Errorf("cannot describe process %d: %w", d.Pid, err)
			}
			processes[d.Pid] = &p
		}
		if processes[d.Pid] != nil {
			byInode[d.Inode] = append(byInode[d.Inode], d)
		}
	}
	for _, list := range [][]Holder{s.Holders, s.Rest} {
		for i := range list {
			list[i].Owners = ownersFrom(byInode[list[i].Inode], processes)
		}
	}
	return nil
}

func ownersFrom(descriptors []Descriptor, processes map[int]*Process) (owners []Owner) {
	for _, d := range descriptors {
		i := slices.IndexFunc(owners, func(o Owner) bool { return o.Pid == d.Pid })
		if i < 0 {
			i = len(owners)
			owners = append(owners, Owner{Process: *processes[d.Pid]})
		}
		owners[i].Descriptors = append(owners[i].Descriptors, d)
	}
	slices.SortFunc(owners, func(a, b Owner) int { return cmp.Compare(a.Pid, b.Pid) })
	return owners
}
