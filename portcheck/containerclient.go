package portcheck

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// A container that its engine has stopped comes back where somebody else has started it and watches over it: an orchestrator,
// which has set a label, or a service that runs "docker run" in the foreground.

// orchestrated says which orchestrator would start another container in the place of c, and what to do instead; "" for none.
func orchestrated(c host.EngineContainer) string {
	for _, by := range []struct{ label, says string }{
		{"com.docker.swarm.service.name", "it is a task of the swarm's service %[1]s, which starts another: docker service scale %[1]s=0"},
		{"io.kubernetes.pod.name", "it belongs to pod %[1]s, and the kubelet starts it again: kubectl delete pod %[1]s, or scale down what owns that"},
		{"com.hashicorp.nomad.alloc_id", "it belongs to allocation %[1]s of nomad, which starts it again: nomad job stop ends its job"},
	} {
		if value := c.Labels[by.label]; value != "" {
			return fmt.Sprintf(by.says, printable(value))
		}
	}
	return ""
}

// clientOf finds the process that has started the container and waits in the foreground until it ends.
func clientOf(ctx context.Context, c host.EngineContainer) (client Owner, found bool) {
	for _, pid := range pids() {
		name, err := (host.Host{}).ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		if err != nil || !slices.Contains([]string{"docker", "podman", "nerdctl", "docker-compose"}, strings.TrimSpace(string(name))) {
			continue
		}
		p, err := Details(ctx, pid)
		if err == nil && startedBy(c, p) {
			return Owner{Process: p}, true
		}
	}
	return Owner{}, false
}

// startedBy reports whether the command line of a client is about c, by its name, its id or a port that it publishes; of docker
// compose up, by the folder of the project.
func startedBy(c host.EngineContainer, p Process) bool {
	args := p.Args[min(1, len(p.Args)):]
	is := func(words ...string) bool {
		return slices.ContainsFunc(args, func(a string) bool { return slices.Contains(words, a) })
	}
	switch {
	case is("up"):
		return p.Dir != "" && c.Labels["com.docker.compose.project.working_dir"] == p.Dir
	case !is("run", "start", "attach", "wait"):
		return false
	}
	return slices.ContainsFunc(args, func(a string) bool {
		a = strings.TrimPrefix(a, "--name=")
		return a == c.Name || len(a) >= len(short(c.ID)) && strings.HasPrefix(c.ID, a) || slices.ContainsFunc(c.Ports, func(published host.Published) bool {
			return publishesAs(a, published.HostPort)
		})
	})
}

// publishesAs reports whether an argument is [IP:]HOSTPORT:PORT[/PROTOCOL], behind -p or not.
func publishesAs(argument string, port uint16) bool {
	_, value, ok := strings.Cut(argument, "=")
	if !ok || !strings.HasPrefix(argument, "-") {
		value = strings.TrimPrefix(argument, "-p")
	}
	fields := strings.Split(value, ":")
	return len(fields) > 1 && fields[len(fields)-2] == fmt.Sprint(port)
}

// aboutClients finds out who watches over the containers that hold a port.
func (f *facts) aboutClients(ctx context.Context, h host.Host, s Survey) {
	for _, holder := range s.Holders {
		for _, o := range holder.Owners {
			c, ok := f.containerOf(holder, o)
			if _, known := f.clients[c.id]; !ok || known || c.engine == nil {
				continue
			}
			client, found := clientOf(ctx, c.EngineContainer)
			f.clients[c.id] = client
			if found {
				f.aboutOwner(ctx, h, Holder{}, client)
				f.aboutParent(ctx, client)
			}
		}
	}
}
