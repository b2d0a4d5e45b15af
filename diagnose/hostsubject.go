package diagnose

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/diagnose/rules"
)

// hostSubject is the network namespace, and what is counted for the whole machine.
func (w *witness) hostSubject() rules.Subject {
	s := rules.NewSubject("host", "host")
	s.Figures["seconds"] = w.seconds()
	for _, figure := range []string{"tw_overflows", "mem_pressures", "orphans_killed", "receive_drops"} {
		w.counted(s, figure, rules.Counters()[figure]...)
	}
	sock := w.last.sockstat
	s.See("tw_now", float64(sock.value.TimeWait), sock.err)
	s.See("mem_pages", float64(sock.value.MemPages), sock.err)
	buckets, err := w.last.number("net.ipv4.tcp_max_tw_buckets", 0)
	s.See("tw_buckets", buckets, err)
	s.See("tw_wanted", rules.PowerOfTwo(2*(buckets+s.Figures["tw_overflows"])), err)
	s.Figures["tw_share"] = share(s.Figures["tw_overflows"], s.Figures["tw_overflows"]+s.Figures["tw_now"])
	limit, err := w.last.number("net.ipv4.tcp_mem", 1)
	s.See("mem_limit", limit, err)
	if !errors.Is(err, fs.ErrNotExist) { // which other network namespaces do not have; there pressure is only counted
		s.See("mem_share", share(s.Figures["mem_pages"], limit), cmp.Or(sock.err, err))
	}
	if s.Words["mem_wanted"] = fmt.Sprintf("%.0f %.0f %.0f", 1.5*limit, 2*limit, 3*limit); err != nil {
		delete(s.Words, "mem_wanted")
		s.Unknown["mem_wanted"] = err.Error()
	}
	w.softnet(s)
	w.conntrack(s)
	w.pressure(s)
	return s
}

// pressure is how long something waited on the machine, as a share of the time. A kernel without PSI has no such figures.
func (w *witness) pressure(s rules.Subject) {
	for of, last := range w.last.pressure {
		first := w.first.pressure[of]
		if errors.Is(last.err, fs.ErrNotExist) || errors.Is(last.err, unix.EOPNOTSUPP) {
			continue
		}
		waited := share(float64(last.value)-float64(first.value), float64(w.lasted.Microseconds()))
		s.See(of+"_stalled", max(waited, 0), cmp.Or(first.err, last.err))
	}
}

// softnet counts for the whole machine, with 32 bits that wrap.
func (w *witness) softnet(s rules.Subject) {
	a, b := w.first.softnet, w.last.softnet
	err := cmp.Or(a.err, b.err)
	if err == nil && (b.value.Dropped < a.value.Dropped || b.value.Processed < a.value.Processed) {
		err = errors.New("the counters of /proc/net/softnet_stat have wrapped")
	}
	dropped, processed := float64(b.value.Dropped)-float64(a.value.Dropped), float64(b.value.Processed)-float64(a.value.Processed)
	s.See("softnet_dropped", dropped, err)
	s.See("softnet_processed", processed, err)
	s.See("squeezed", float64(b.value.TimeSqueeze)-float64(a.value.TimeSqueeze), err)
	s.See("softnet_share", share(dropped, dropped+processed), err)
	backlog, err := w.last.number("net.core.netdev_max_backlog", 0)
	s.See("backlog_packets_wanted", min(rules.PowerOfTwo(4*backlog), 65536), err)
}

// conntrack is not in use where the kernel has no such table; then there are no figures.
func (w *witness) conntrack(s rules.Subject) {
	if errors.Is(w.last.knobs[conntrackMax].err, fs.ErrNotExist) {
		return
	}
	count, errCount := w.last.number(conntrackCount, 0)
	limit, errMost := w.last.number(conntrackMax, 0)
	if errMost == nil && limit == 0 {
		return // no limit
	}
	err := errors.Join(errCount, errMost)
	s.See("conntrack_count", count, errCount)
	s.See("conntrack_max", limit, errMost)
	s.See("conntrack_share", share(count, limit), err)
	s.See("conntrack_wanted", rules.PowerOfTwo(2*limit), errMost)
	var drops float64
	for _, name := range []string{"drop", "early_drop"} {
		n, err := difference(name, w.first.conntrack, w.last.conntrack)
		if err != nil {
			s.Unknown["conntrack_drops"] = err.Error()
		}
		drops += n
	}
	s.Figures["conntrack_drops"] = drops
	most := share(count, limit)
	if drops > 0 { // it was full when it did that, and may have room again
		most = 1
	}
	s.See("conntrack_most", most, err)
}

// processSubjects are the processes that listen. Of those of one unit it is the one with the fewest descriptors left.
func (w *witness) processSubjects() (all []rules.Subject) {
	seen := map[int]bool{}
	for _, o := range w.owners.value {
		before, asked := w.before[o.Pid]
		if !asked || seen[o.Pid] {
			continue
		}
		seen[o.Pid] = true
		s := rules.NewSubject("process", o.Name())
		for _, q := range w.census.listeners {
			owns := func(p Owner) bool { return p.Pid == o.Pid && p.holds(q.local) }
			if slices.ContainsFunc(w.owners.value, owns) {
				s.Figures["waiting_connections"] += float64(q.waiting)
			}
		}
		then := w.then[o.Pid]
		err := cmp.Or(before.err, then.err)
		if err == nil && before.value.began != then.value.began {
			err = fmt.Errorf("process %d went away between the looks", o.Pid)
		}
		descriptors(s, then.value, err)
		throttled(s, before.value, then.value, err)
		atMemoryLimit(s, before.value, then.value, err)
		stalls(s, before.value, then.value, w.lasted, err)
		at := slices.IndexFunc(all, func(other rules.Subject) bool { return other.Name == s.Name })
		switch {
		case at < 0:
			all = append(all, s)
		case s.Figures["files_share"] > all[at].Figures["files_share"]: // 0 where it went away
			all[at] = s
		}
	}
	return all
}

func descriptors(s rules.Subject, p process, err error) {
	err = cmp.Or(err, p.descriptors.err, p.limit.err)
	used, limit := float64(p.descriptors.value), float64(p.limit.value.Soft)
	s.See("files", used, err)
	s.See("files_limit", limit, err)
	s.See("files_share", share(used, limit), err)
	s.Figures["files_wanted"] = max(rules.PowerOfTwo(4*limit), 65536)
}

// throttled finds the control group of the process, or above it, that was stopped most.
func throttled(s rules.Subject, before, then process, err error) {
	err = cmp.Or(err, before.cpu.err, then.cpu.err)
	var most throttling
	for group, b := range then.cpu.value {
		a, was := before.cpu.value[group]
		if !was || b.periods < a.periods || b.throttled < a.throttled {
			continue
		}
		if d := (throttling{b.periods - a.periods, b.throttled - a.throttled}); d.throttled > most.throttled {
			most = d
			s.Words["throttled_group"] = group
		}
	}
	s.See("throttled", float64(most.throttled), err)
	s.See("periods", float64(most.periods), err)
	s.See("throttled_share", share(float64(most.throttled), float64(most.periods)), err)
}

// atMemoryLimit finds the control group of the process, or above it, that came to its limit most often. Version 2 counts what is
// below a group there as well: of those that count the same, the innermost is meant.
func atMemoryLimit(s rules.Subject, before, then process, err error) {
	err = cmp.Or(err, before.memory.err, then.memory.err)
	var most memoryEvents
	s.Words["memory_group"] = ""
	for group, b := range then.memory.value {
		a, was := before.memory.value[group]
		if !was || b.limited <= a.limited || b.killed < a.killed {
			continue
		}
		d := memoryEvents{b.limited - a.limited, b.killed - a.killed}
		if d.limited > most.limited || d.limited == most.limited && len(group) > len(s.Words["memory_group"]) {
			most, s.Words["memory_group"] = d, group
		}
	}
	s.See("memory_limited", float64(most.limited), err)
	s.See("memory_killed", float64(most.killed), err)
}

// stalls is the longest time that a group of the process waited for memory, as a share.
func stalls(s rules.Subject, before, then process, lasted time.Duration, err error) {
	var most float64
	for group, b := range then.stalled.value {
		if a, was := before.stalled.value[group]; was && b >= a {
			most = max(most, share(float64(b-a), float64(lasted.Microseconds())))
		}
	}
	s.See("memory_stalled", most, cmp.Or(err, before.stalled.err, then.stalled.err))
}
