package portcheck

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// wayOut is what a person does about a socket that is still there, or there again.
func wayOut(ctx context.Context, h Holder, again bool) string {
	if len(h.Owners) == 0 {
		return wayOutAlone(h)
	}
	o := h.Owners[0]
	if o.Pid == 1 {
		return wayOutOfInit(h)
	}
	parent, err := Details(ctx, o.Process.Parent)
	if err == nil {
		if g := guardOf(parent); g != nil && again && path.Base(parent.Exe) != "systemd" {
			return g.instead
		}
	}
	name, ok := unitOf(o.Process.Cgroup)
	switch service := ok && path.Ext(name.name) == ".service"; {
	case service && name.user:
		return "systemctl --user stop " + name.name
	case service:
		return "sudo systemctl stop " + name.name
	case again && err == nil && parent.Pid > 1:
		return fmt.Sprintf("%s (pid %d) starts it again: end that one first", parent.Name, parent.Pid)
	case again:
		return "find out what starts it, and end that first"
	case o.Process.Cgroup.Container.ID != "":
		return "stop container " + o.Process.Cgroup.Container.Engine + "/" + short(o.Process.Cgroup.Container.ID)
	}
	return fmt.Sprintf("sudo kill -KILL %d", o.Pid)
}

// command is a command line about the port of h.
func (h Holder) command(flags string) string {
	port := strings.TrimPrefix(h.target(), "tcp/")
	if h.Namespace != "" {
		port += " --netns " + h.Namespace
	}
	return "tcptune port " + port + " " + flags
}

// wayOutAlone is what a person does about a socket that no process has open.
func wayOutAlone(h Holder) string {
	kernel := kernelUserOf(h.Protocol, h.Port())
	switch name, ok := unitOf(h.Origin); {
	case h.Veiled:
		return ""
	case kernel != "" && len(h.Candidates) == 0:
		if _, act, ok := strings.Cut(kernel, "; "); ok {
			return act
		}
		return "end " + kernel + ", which is a part of the kernel"
	case len(h.Candidates) > 0:
		return h.command(fmt.Sprintf("--kill --holder %d", h.Candidates[0].Pid)) + " ends that one"
	case ok && path.Ext(name.name) == ".service" && name.user:
		return "it was made in " + name.String() + ": systemctl --user stop " + name.name
	case ok && path.Ext(name.name) == ".service":
		return "it was made in " + name.name + ": sudo systemctl stop " + name.name
	}
	if !inFirstPIDNamespace() {
		return "look from the machine itself: who has it open is not in this PID namespace"
	}
	return "end the part of the kernel that listens there: nfsd, a tunnel, or the namespace from which it was made"
}

// wayOutOfInit is what a person does about a socket that systemd keeps.
func wayOutOfInit(h Holder) string {
	if name, ok := unitOf(h.Origin); ok && path.Ext(name.name) == ".service" {
		return fmt.Sprintf("sudo systemctl stop %s, and then sudo systemctl clean --what=fdstore %s", name.name, name.name)
	}
	return "systemctl list-sockets --all shows which socket unit to stop"
}

// blocks is how likely a socket in this state is what keeps a server from its port: TIME-WAIT lets most in.
func (s State) blocks() int {
	order := []State{Unconn, Estab, TimeWait}
	if i := slices.Index(order, s); i >= 0 {
		return i
	}
	return len(order) // connections that are closing
}

// inTheWay says what keeps a server from binding a port that nobody listens on, and what a person does about it.
func inTheWay(ctx context.Context, port Range, after Survey, err error) (reason, hint string) {
	rest := slices.Clone(after.Rest)
	slices.SortStableFunc(rest, func(a, b Holder) int { return cmp.Compare(a.State.blocks(), b.State.blocks()) })
	for _, h := range rest {
		wait := h.command("--wait free") + " waits for that"
		switch {
		case !port.Has(h.Protocol, h.Port()):
		case h.State == TimeWait:
			connections := "a connection"
			if h.Count > 1 {
				connections = fmt.Sprintf("%d connections", h.Count)
			}
			return fmt.Sprintf("%s in TIME-WAIT of a server that did not set SO_REUSEADDR, up to %d s more", connections, h.Seconds()), wait
		case h.State == Unconn:
			return "a socket is bound there without listening, by " + who(ctx, h), h.command("--kill --bound") + " ends it"
		case h.hasOwners():
			return "it is the local end of a connection of " + who(ctx, h) + ", which is not stopped",
				h.command("--kill --close") + " closes it; net.ipv4.ip_local_reserved_ports keeps clients off"
		default:
			return h.Reason, wait
		}
	}
	return host.Cause(err).Error(), unseenHint(port)
}
