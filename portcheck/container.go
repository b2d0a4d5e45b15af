package portcheck

import (
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// forwardsToContainer reports whether p holds ports in the name of containers: it lives outside of them, in the control
// group of its engine, and it is no use to stop it.
func forwardsToContainer(p Process) bool {
	name := path.Base(strings.TrimSuffix(p.Exe, " (deleted)"))
	return slices.ContainsFunc([]string{"docker-proxy", "dockerd", "rootlesskit", "rootlessport", "conmon", "pasta", "slirp4netns"},
		func(proxy string) bool { return proxy == name || proxy == p.Name })
}

// contained is a container that holds a port, and the engine that can stop it. engine is nil where no engine answers.
type contained struct {
	name   string // "docker/web"
	id     string
	engine *host.Engine
}

// containerOf finds the container for whose sake o holds the port of h: the one that it runs in, or the one that
// publishes the port.
func (f *facts) containerOf(h Holder, o Owner) (contained, bool) {
	in := o.Process.Cgroup.Container
	for i, e := range f.engines {
		for _, c := range e.containers {
			found := in.ID != "" && c.ID == in.ID || in.ID == "" && forwardsToContainer(o.Process) && publishes(c, h.Socket)
			if found {
				return contained{e.Name + "/" + c.Name, c.ID, &f.engines[i].Engine}, true
			}
		}
	}
	if in.ID != "" {
		return contained{name: in.Engine + "/" + short(in.ID)}, true
	}
	return contained{}, false
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
		return p.HostPort == s.Port() && p.Protocol == string(s.Protocol) &&
			(!p.HostIP.IsValid() || p.HostIP.IsUnspecified() || s.Local.Addr().IsUnspecified() || p.HostIP.Unmap() == s.Local.Addr().Unmap())
	})
}
