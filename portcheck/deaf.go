package portcheck

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// deafGrace is how long the first process of a PID namespace that has no handler gets all the same: what else was ended may take
// it along.
const deafGrace = 500 * time.Millisecond

// masks are what /proc/PID/status tells of the signals of a process; bit 0 is that of signal 1.
type masks struct {
	blocked, ignored, caught uint64
	traced                   bool
	first                    bool // it is the first process of a PID namespace below that of /proc
}

func readMasks(pid int) (m masks, ok bool) {
	text, err := (host.Host{}).ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return m, false
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":\t")
		switch key {
		case "NSpid":
			m.first = strings.HasSuffix(value, "\t1")
		case "TracerPid":
			m.traced = value != "0"
		case "SigBlk":
			m.blocked, err = strconv.ParseUint(value, 16, 64)
		case "SigIgn":
			m.ignored, err = strconv.ParseUint(value, 16, 64)
		case "SigCgt":
			m.caught, err = strconv.ParseUint(value, 16, 64)
		}
		if err != nil {
			return m, false
		}
	}
	return m, true
}

// deafness is that the kernel throws a signal to a process away, so that it has no effect.
type deafness struct {
	why   string // "ignores SIGTERM", or ""
	first bool   // by what it is, and not by its own wish
}

// deaf tells whether a signal is thrown away, by the rules of sig_ignored in the kernel's kernel/signal.c: one that is blocked
// waits, and may be asked for (sigwait(3)), and one to a process that is traced goes to the tracer. The first process of a PID
// namespace gets those that it has a handler for, SIGKILL and SIGSTOP.
func deaf(pid int, sig unix.Signal) deafness {
	m, ok := readMasks(pid)
	bit, name := uint64(1)<<(sig-1), signalName(sig)
	switch {
	case !ok || m.traced || sig == unix.SIGKILL || sig == unix.SIGSTOP || (m.blocked|m.caught)&bit != 0:
		return deafness{}
	case m.first && m.ignored&bit == 0:
		return deafness{"takes no " + name + ": it is the first process of a PID namespace and has no handler for that", true}
	case m.ignored&bit != 0:
		return deafness{"ignores " + name, false}
	case slices.Contains([]unix.Signal{unix.SIGCHLD, unix.SIGCONT, unix.SIGURG, unix.SIGWINCH}, sig):
		return deafness{"is not ended by " + name, false}
	}
	return deafness{}
}

// signalName is "SIGTERM", or "signal 40" of one that has no name.
func signalName(sig unix.Signal) string {
	return cmp.Or(unix.SignalName(sig), fmt.Sprintf("signal %d", int(sig)))
}

// atOnce reports whether SIGKILL follows the signal of order without waiting for the whole grace.
func (d deafness) atOnce(order Order) bool {
	return d.first && !order.NoForce && order.Grace > deafGrace
}

// foresee says in a planned signal that the process will take no notice, and what comes of that.
func (a *Act) foresee(order Order) {
	if a.Kind != report.Signal || a.Status != report.Planned {
		return
	}
	switch d := deaf(a.Pid, order.Signal); {
	case d.why == "":
	case order.NoForce:
		a.Status, a.Reason = report.Refused, "it "+d.why+", and with --no-force no SIGKILL follows"
	case d.atOnce(order):
		a.Deaf = d.why + ", and SIGKILL follows at once"
	default:
		a.Deaf = fmt.Sprintf("%s, and SIGKILL follows after %s", d.why, order.Grace)
	}
	if a.Deaf != "" {
		a.Why += "; " + a.Deaf
	}
}
