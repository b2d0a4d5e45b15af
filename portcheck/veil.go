package portcheck

import (
	"errors"
	"fmt"
	"os"
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

// kinship tells which of the hidden processes may well have a socket open that is seen in others: those that descend from
// one of its owners, since descriptors are inherited.
type kinship map[int][]int // from a process to its hidden descendants

func (s *Survey) kinOfHidden() kinship {
	kin := kinship{}
	parents := map[int]int{}
	for _, pid := range s.Hidden {
		for at, steps := pid, 0; at > 1 && steps < 64; steps++ {
			up, known := parents[at]
			if !known {
				if i, ok := readParent(at); ok {
					up = i
				}
				parents[at] = up
			}
			if up > 0 {
				kin[up] = append(kin[up], pid)
			}
			at = up
		}
	}
	return kin
}

// mayBeShared reports whether hidden processes may have the socket of h open beside its owners. The kernel does not tell how
// many have. Who made it is known; the maker may have kept it, and whoever descends from an owner may have inherited it.
// Root is only here where it lacks a capability, and then nothing about the maker is known.
func (h *Holder) mayBeShared(kin kinship) (by []int, maybe bool) {
	for _, o := range h.Owners {
		by = append(by, kin[o.Pid]...)
	}
	euid := os.Geteuid()
	return by, len(by) > 0 || euid == 0 || h.UID != uint32(euid)
}
