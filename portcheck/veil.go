package portcheck

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

// unseen stands in [Survey.Hidden] for the processes that /proc does not list, see hidepid= in proc_pid_status(5).
const unseen = 0

// forbidden reports whether an error of /proc is a missing permission. Anything else is a process, or a descriptor, that
// has gone meanwhile.
func forbidden(err error) bool { return errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) }

// veil says what keeps this process from looking into others, and what would not. Nothing of that is an absence.
func veil(hidden []int) (reason, hint string) {
	switch capabilities, err := effective(); {
	case os.Geteuid() != 0 && (err != nil || capabilities&(1<<unix.CAP_SYS_PTRACE) == 0):
		return "only root may look into the processes of others", ""
	case err == nil && capabilities&(1<<unix.CAP_SYS_PTRACE) == 0:
		return "this tcptune lacks CAP_SYS_PTRACE",
			"docker run --cap-add SYS_PTRACE, or in a unit CapabilityBoundingSet= with CAP_SYS_PTRACE"
	case !inFirstUserNamespace():
		return "this user namespace has no say over the processes outside of it", "run tcptune outside of it"
	case len(hidden) == 1 && hidden[0] == unseen:
		return "/proc is mounted with hidepid=", "run tcptune where /proc shows all processes"
	}
	if profile := confinement(); profile != "" {
		return "the security module forbids it to " + profile, "run tcptune outside of that profile"
	}
	return "the kernel forbids it, although this is root with CAP_SYS_PTRACE",
		"see /sys/kernel/security/lsm for the security modules of this machine"
}

// effective are the capabilities that count for this process.
func effective() (set uint64, err error) {
	text, err := (host.Host{}).ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, rest, found := strings.Cut(string(text), "\nCapEff:")
	if _, err := fmt.Sscanf(strings.TrimSpace(rest), "%x", &set); !found || err != nil {
		return 0, errors.New("cannot read the capabilities of this process")
	}
	return set, nil
}

// inFirstUserNamespace reports whether the users of this process are those of the machine, all of them.
func inFirstUserNamespace() bool {
	text, err := (host.Host{}).ReadFile("/proc/self/uid_map")
	return err == nil && strings.Join(strings.Fields(string(text)), " ") == "0 0 4294967295"
}

// confinement is the profile of AppArmor, or the label of SELinux, under which this process runs, "" for none.
func confinement() string {
	text, err := (host.Host{}).ReadFile("/proc/self/attr/current")
	label := strings.Trim(string(text), "\x00\n ")
	if err != nil || label == "unconfined" {
		return ""
	}
	return printable(label)
}

// kinship tells which of the hidden processes descend from a process: descriptors are inherited. Of orphans nobody
// can tell from whom they do, but in which control group that was.
type kinship struct {
	below   map[int][]int
	orphans map[string]int
}

func (s *Survey) kinOfHidden() kinship {
	kin := kinship{map[int][]int{}, map[string]int{}}
	for _, pid := range s.Hidden {
		known := false
		for up := range ancestry(pid) {
			kin.below[up] = append(kin.below[up], pid)
			known = true
		}
		text, err := (host.Host{}).ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
		if err == nil && !known && pid > 1 {
			kin.orphans[ParseCgroup(text).Path] = pid
		}
	}
	return kin
}

// ancestry goes from a process to those that have started it, but for PID 1.
func ancestry(pid int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for range 64 {
			s, ok := readStat(pid)
			if !ok || s.parent <= 1 || !yield(s.parent) {
				return
			}
			pid = s.parent
		}
	}
}

// mayBeShared names a hidden process that may well have the socket of h open beside its owners. The kernel does not tell how
// many have, but who made it, and in which control group; and whoever made it may have kept it, as whoever descends from
// an owner may have inherited it. 0, true: it is another user, whoever that is.
func (s *Survey) mayBeShared(h *Holder, kin kinship) (by int, maybe bool) {
	for _, o := range h.Owners {
		if heirs := kin.below[o.Pid]; len(heirs) > 0 {
			return heirs[0], true
		}
		for up := range ancestry(o.Pid) {
			var st unix.Stat_t
			if slices.Contains(s.Hidden, up) && unix.Stat("/proc/"+strconv.Itoa(up), &st) == nil && st.Uid == h.UID {
				return up, true
			}
		}
	}
	if slices.Contains(s.Hidden, 1) && h.Origin.Unit == initScope {
		return 1, true
	}
	euid := os.Geteuid()
	for _, o := range h.Owners { // of a user many are hidden that are none of his: a login's agents, sudo
		if by, found := kin.orphans[o.Process.Cgroup.Path]; found && euid == 0 {
			return by, true
		}
	}
	return 0, euid != 0 && h.UID != uint32(euid)
}
