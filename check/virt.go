package check

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/report"
)

// reachKeys stand for the kinds of keys: of the whole machine, of the first network namespace, of each one.
var reachKeys = [...]string{
	"fs.file-max",
	"fs.nr_open",
	"net.core.default_qdisc",
	"net.core.netdev_max_backlog",
	"net.core.rmem_max",
	"net.core.somaxconn",
	"net.core.wmem_max",
	"net.ipv4.ip_local_port_range",
	"net.ipv4.tcp_congestion_control",
	"net.ipv4.tcp_mem",
	"net.ipv4.tcp_rmem",
	"net.ipv4.tcp_tw_reuse",
	"net.ipv4.tcp_wmem",
	"vm.max_map_count",
}

func checkVirtualization(f facts) report.Check {
	const name = "virtualization"
	if f.virt.err != nil {
		return unseen(name, f.virt.err)
	}
	v := f.virt.value
	switch {
	case v.WSL == 1:
		return fail(name, "WSL 1", "WSL 1 imitates Linux: it has no TCP of Linux that could be tuned",
			"wsl --set-version DISTRIBUTION 2")
	case v.Container != "":
		return warn(name, strings.TrimPrefix(v.Container+" container", "other "),
			"the kernel is that of the host: keys of the whole machine are out of reach, see sysctl-reach",
			"tune the host, and only the keys of this container's network here")
	case v.WSL > 0:
		return warn(name, fmt.Sprintf("WSL %d", v.WSL),
			"one kernel, and one set of values, serves all distributions, and Windows stops it when idle",
			"use it to try tcptune out, not to serve")
	case v.VM != "":
		return pass(name, strings.TrimPrefix(v.VM+" virtual machine", "other "), "it has a kernel of its own")
	}
	return pass(name, "none", "no sign of a container or a virtual machine")
}

// checkReach tells which keys root could write here: probed by the files themselves, since no two containers are alike.
func checkReach(f facts) report.Check {
	const name = "sysctl-reach"
	var absent, locked, readOnly, other []string
	for _, key := range reachKeys {
		switch err := f.reach[key]; {
		case err == nil:
		case errors.Is(err, fs.ErrNotExist):
			absent = append(absent, key)
		case errors.Is(err, unix.EROFS):
			readOnly = append(readOnly, key)
		case errors.Is(err, fs.ErrPermission):
			locked = append(locked, key)
		default:
			other = append(other, key)
		}
	}
	var found []string
	for _, group := range []struct {
		keys []string
		what string
	}{
		{readOnly, "on a read-only /proc/sys"},
		{locked, "read-only here"},
		{absent, "hidden or not in this kernel"},
		{other, "not accessible"},
	} {
		if len(group.keys) > 0 {
			found = append(found, group.what+": "+strings.Join(group.keys, ", "))
		}
	}
	if len(found) == 0 {
		if !f.root {
			return pass(name, "writable by root", "judged by the modes of the files; writing needs root")
		}
		return pass(name, "writable", "all kinds of keys can be written")
	}
	n := len(absent) + len(locked) + len(readOnly) + len(other)
	value := fmt.Sprintf("%d of %d keys out of reach", n, len(reachKeys))
	fix := `nothing, if the kernel was made without them; "tcptune plan" says what is left out`
	if len(readOnly)+len(locked)+len(other) > 0 {
		fix = "set these on the machine that owns the kernel; for a container's own keys: " +
			"docker run --sysctl KEY=VALUE, or securityContext.sysctls of the pod"
	}
	return warn(name, value, strings.Join(found, "; "), fix)
}

// ownNetwork reports whether this is a network namespace other than the kernel's first one: only the latter has keys
// such as net.core.rmem_max writable (net/core/sysctl_net_core.c).
func (f facts) ownNetwork() bool { return errors.Is(f.reach["net.core.rmem_max"], unix.EACCES) }
