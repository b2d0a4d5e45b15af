package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/ephemeral"
)

// Listener is a TCP socket that listens, and the process that has it open.
type Listener struct {
	Local   netip.AddrPort
	Program string // "nginx"; "" where the process is not visible
	Pid     int    // 0 where it is not visible
	Unit    string // "nginx.service", "" for none
	Why     string // the process is not visible, or ""

	noFile seen[host.NoFile]
}

func (l Listener) String() string {
	switch {
	case l.Program == "":
		return cmp.Or(l.Unit, "not visible")
	case l.Unit == "":
		return fmt.Sprintf("%s, pid %d", l.Program, l.Pid)
	}
	return l.Program + ", " + l.Unit
}

var errNotAsked = errors.New("nobody was asked which sockets listen")

func observeListeners(ctx context.Context, h host.Host, opt Options, f *facts) {
	f.nodePorts = ephemeral.NodePorts(h)
	f.managerNoFile = see(h.ManagerNoFile(ctx))
	if opt.Listeners == nil {
		f.listeners.err = errNotAsked
		return
	}
	f.listeners = see(opt.Listeners(ctx))
	limits := map[int]seen[host.NoFile]{}
	for i, l := range f.listeners.value {
		if _, asked := limits[l.Pid]; !asked && l.Pid != 0 {
			limits[l.Pid] = see(h.NoFileOf(l.Pid))
		}
		f.listeners.value[i].noFile = limits[l.Pid]
	}
}

// fewConnections are programs that listen and serve some connections only, whatever comes.
var fewConnections = [...]string{
	"sshd", "systemd", "systemd-resolve", "rpcbind", "rpc.statd", "cupsd", "master", "chronyd",
}

// checkListenerFiles judges how many open files, and so connections, the programs may have that listen for others. What
// counts is the soft limit of the process as it runs: who wants more has raised it by now, as Go programs do.
func checkListenerFiles(f facts) report.Check {
	const name = "listener-nofile"
	if f.listeners.err != nil {
		return unseen(name, f.listeners.err)
	}
	ok, hidden, why := 0, 0, ""
	var few, units []string
	for _, l := range f.listeners.value {
		switch {
		case l.Local.Addr().IsLoopback(), slices.Contains(fewConnections[:], l.Program), l.Pid == 1:
		case l.Pid == 0:
			hidden, why = hidden+1, cmp.Or(why, fmt.Sprintf("who listens on port %d: %s", l.Local.Port(), l.Why))
		case l.noFile.err != nil:
			hidden, why = hidden+1, cmp.Or(why, l.noFile.err.Error())
		case l.noFile.value.Soft >= enoughFiles:
			ok++
		default:
			who := fmt.Sprintf("%s: %s", l, count(l.noFile.value.Soft))
			if !slices.Contains(few, who) {
				few, units = append(few, who), append(units, cmp.Or(l.Unit, l.Program))
			}
		}
	}
	switch {
	case few != nil:
		return warn(name, strings.Join(few, "; "), "a program cannot have more connections than open files",
			"LimitNOFILE=1048576 in the [Service] section (systemctl edit "+strings.Join(slices.Compact(units), ", ")+
				"), and the program's own setting, where it has one, as worker_rlimit_nofile of nginx")
	case hidden > 0:
		fix := ""
		if !f.root {
			fix = "sudo tcptune check"
		}
		return warn(name, "not visible", fmt.Sprintf("not visible: the limits of %d that listen; %s", hidden, why), fix)
	}
	return pass(name, fmt.Sprintf("%d with %d open files and more", ok, enoughFiles),
		"those that listen for other machines, but for sshd and its like")
}

// checkManagerFiles judges what systemd gives to a unit without LimitNOFILE=.
func checkManagerFiles(f facts) report.Check {
	const name = "default-nofile"
	limit := f.managerNoFile
	if errors.Is(limit.err, host.ErrNoSystemd) {
		return pass(name, "no units", "systemd does not run here")
	}
	if limit.err != nil {
		return unseen(name, limit.err)
	}
	value := fmt.Sprintf("DefaultLimitNOFILE is %s:%s", count(limit.value.Soft), count(limit.value.Hard))
	if limit.value.Hard < enoughFiles {
		return warn(name, value, "a unit that says nothing cannot have more connections than that",
			"DefaultLimitNOFILE=1024:524288 in the [Manager] section of /etc/systemd/system.conf.d/nofile.conf, then reboot")
	}
	return pass(name, value, "what a unit may raise its limit to that has no LimitNOFILE=")
}

// checkRange holds the ports for outgoing connections against those that others count on.
func checkRange(f facts, cat *catalogue.Catalogue) report.Check {
	const name = "port-range"
	ports, reserved := f.knobs[ephemeral.RangeKey], f.knobs[ephemeral.ReservedKey]
	if err := cmp.Or(ports.err, reserved.err); err != nil {
		return unseen(name, err)
	}
	r, err := ephemeral.New(cat, ports.value, reserved.value)
	if err != nil {
		return unseen(name, err)
	}
	claims := slices.Clone(f.nodePorts)
	for _, l := range f.listeners.value {
		port := int(l.Local.Port())
		if !slices.ContainsFunc(claims, func(c ephemeral.Claim) bool { return c.First == port && c.Last == port }) {
			claims = append(claims, ephemeral.Claim{First: port, Last: port, By: l.String()})
		}
	}
	value := fmt.Sprintf("%d to %d", r.Low, r.High)
	exposed := r.Exposed(claims)
	switch {
	case exposed != nil:
		return warn(name, value+" with "+ephemeral.Names(exposed), strings.TrimPrefix(r.Wide()+"; ", "; ")+
			"an outgoing connection may hold the port when somebody wants to listen on it", r.Offer(exposed))
	case r.Wide() != "":
		return warn(name, value, r.Wide(), fmt.Sprintf("%s = 10240 %d", ephemeral.RangeKey, r.High))
	case f.listeners.err != nil:
		return unseen(name, f.listeners.err)
	}
	return pass(name, value, "nobody listens on a port of the range that is not reserved")
}
