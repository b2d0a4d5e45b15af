package portcheck

import (
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// containerPrograms keep containers, or hold ports for them, outside of them.
func containerPrograms() []string {
	return []string{
		"dockerd", "containerd", "crio", "docker-proxy", "rootlesskit", "rootlessport", "rootlessport-child", "conmon", "pasta",
		"pasta.avx2", "passt.avx2", "slirp4netns",
	}
}

// forwardsToContainer reports whether p holds ports in the name of containers: it lives outside of them, in the control
// group of its engine, and it is no use to stop it.
func forwardsToContainer(p Process) bool {
	return slices.ContainsFunc(programNames(p), func(name string) bool {
		return name != "containerd" && slices.Contains(containerPrograms(), name)
	})
}

// isMonitor reports whether p watches over one container of podman.
func isMonitor(p Process) bool {
	return path.Base(strings.TrimSuffix(p.Exe, " (deleted)")) == "conmon"
}

// watchedBy is the short id of the container that podman has started p for, "" where that is not to be seen: podman
// puts a monitor into a scope named after its container.
func watchedBy(p Process) string {
	id, found := strings.CutPrefix(strings.TrimSuffix(p.Cgroup.Unit, ".scope"), "libpod-conmon-")
	if !found || !isMonitor(p) || p.Cgroup.Delegate != "" {
		return ""
	}
	return short(id)
}

// stopByHand is how a person stops a container whose engine cannot be asked.
func stopByHand(c Cgroup) string {
	id := short(c.Container.ID)
	switch engine := c.Container.Engine; {
	case strings.Contains(c.Path, "kubepods"):
		return "delete its pod (kubectl), which the kubelet would start again, or crictl stop " + id
	case engine == "docker":
		return "docker stop " + id
	case engine == "podman":
		return "podman stop " + id + " as its user"
	case engine == "cri-o":
		return "crictl stop " + id
	case engine == "containerd":
		return "nerdctl stop " + id + " or ctr task kill " + id
	case engine == "lxc":
		return "lxc-stop -n " + id + ", or lxc stop " + id + " or incus stop " + id
	case engine == "nspawn":
		return "machinectl poweroff " + id
	}
	return "stop the container"
}

// shares reports whether p is in the container in which this tcptune runs: there p is a process like any other.
func (f *facts) shares(p Process) bool {
	return p.Cgroup.Container.ID != "" && p.Cgroup.Container == f.self.Cgroup.Container
}

// contained is a container that holds a port, and the engine that can stop it. engine is nil where no engine answers.
type contained struct {
	host.EngineContainer
	name   string // "docker/web"
	id     string
	engine *host.Engine
}

// containerOf finds the container for whose sake o holds the port of h: the one that it runs in, or the one that
// publishes the port. An engine publishes in the machine's own network namespace, and speaks of no group that somebody
// else may have named.
func (f *facts) containerOf(h Holder, o Owner) (contained, bool) {
	in := o.Process.Cgroup.Container
	for i, e := range f.engines {
		for _, c := range e.containers {
			found := in.ID != "" && c.ID == in.ID && mayName(e.Engine, o.Process.Cgroup) ||
				in.ID == "" && h.Namespace == "" && forwardsToContainer(o.Process) && publishes(c, h.Socket)
			if found {
				return contained{c, e.Name + "/" + c.Name, c.ID, &f.engines[i].Engine}, true
			}
		}
	}
	if in.ID != "" {
		return contained{name: in.Engine + "/" + short(in.ID)}, true
	}
	return contained{}, false
}

// mayName reports whether the group of a container can be the work of e. Below a service its user makes groups of any
// name, also that of somebody else's container (Delegate= in systemd.resource-control(5)); the engines of the system
// make theirs elsewhere, those of a user below the manager of that user.
func mayName(e host.Engine, c Cgroup) bool {
	if c.Delegate == "" {
		return true
	}
	uid, ok := strings.CutPrefix(strings.TrimSuffix(c.Delegate, ".service"), "user@")
	return ok && strings.HasPrefix(e.Socket, "/run/user/"+uid+"/")
}

// short is how engines print an id.
func short(id string) string {
	if len(id) == 64 {
		return id[:12]
	}
	return id
}

func publishes(c host.EngineContainer, s Socket) bool {
	return slices.ContainsFunc(c.Ports, func(p host.Published) bool {
		local, published := s.Local.Addr().Unmap(), p.HostIP.Unmap()
		return p.HostPort == s.Port() && p.Protocol == string(s.Protocol) &&
			(!published.IsValid() || published.IsUnspecified() || local.IsUnspecified() || published == local)
	})
}
