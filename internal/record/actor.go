package record

import (
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// noLogin is what the kernel says of a process that nobody's login has led to, a service for instance.
const noLogin = 1<<32 - 1

// actor is on whose behalf this process runs. The audit id is set once, at the login, and stays through su and sudo
// (/proc/self/loginuid, proc_pid_loginuid(5)); SUDO_USER is a variable like any other.
func actor(h host.Host) report.Actor {
	a := report.Actor{UID: os.Getuid(), SudoUser: short(os.Getenv("SUDO_USER"))}
	if text, err := h.ReadFile("/proc/self/loginuid"); err == nil {
		id, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 32)
		if login := uint32(id); err == nil && id != noLogin {
			a.AuditUID = &login
		}
	}
	for _, fd := range []string{"0", "1", "2"} {
		if file, err := h.Readlink("/proc/self/fd/" + fd); err == nil && isTerminal(file) {
			a.Terminal = file
			break
		}
	}
	if text, err := h.ReadFile("/proc/self/cgroup"); err == nil {
		a.Unit = unitOf(string(text))
	}
	return a
}

func isTerminal(file string) bool {
	return strings.HasPrefix(file, "/dev/pts/") || strings.HasPrefix(file, "/dev/tty") || file == "/dev/console"
}

// unitOf finds the innermost unit in the text of /proc/self/cgroup, cgroups(7).
func unitOf(text string) string {
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) < 3 {
			continue
		}
		for p := parts[2]; p != "/" && p != "." && p != ""; p = path.Dir(p) {
			if ext := path.Ext(p); ext == ".service" || ext == ".scope" {
				return path.Base(p)
			}
		}
	}
	return ""
}
