package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// engine starts containers, in network namespaces of their own as a rule.
type engine struct {
	name    string
	there   []string // any of them says that it is installed
	running []string // any of them says that it runs; nil: it starts containers without a service
	pods    bool     // it is told by pods, not by a command
}

func engines() []engine {
	return []engine{
		{
			name:    "docker",
			there:   []string{"/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/local/bin/dockerd", "/snap/bin/docker"},
			running: []string{"/run/docker.sock"},
		},
		{name: "podman", there: []string{"/usr/bin/podman", "/usr/local/bin/podman"}},
		{
			name: "kubelet", there: []string{"/usr/bin/kubelet", "/usr/local/bin/kubelet"}, pods: true,
			running: []string{"/run/containerd/containerd.sock", "/run/crio/crio.sock"},
		},
		{
			name: "k3s", there: []string{"/usr/local/bin/k3s", "/usr/bin/k3s"}, pods: true,
			running: []string{"/run/k3s/containerd/containerd.sock"},
		},
		{
			name: "rke2", there: []string{"/usr/local/bin/rke2", "/usr/bin/rke2", "/opt/rke2/bin/rke2"}, pods: true,
			running: []string{"/run/k3s/containerd/containerd.sock"},
		},
		{
			name: "k0s", there: []string{"/usr/local/bin/k0s", "/usr/bin/k0s"}, pods: true,
			running: []string{"/run/k0s/containerd.sock"},
		},
		{
			name: "microk8s", there: []string{"/var/snap/microk8s", "/snap/bin/microk8s"}, pods: true,
			running: []string{"/var/snap/microk8s/common/run/containerd.sock"},
		},
	}
}

// containerKeys are those that a namespace has to itself and that a container's programs feel.
var containerKeys = []string{
	"net.core.somaxconn",
	"net.ipv4.ip_local_port_range",
	"net.ipv4.tcp_fin_timeout",
	"net.ipv4.tcp_keepalive_time",
	"net.ipv4.tcp_mtu_probing",
	"net.ipv4.tcp_rmem",
	"net.ipv4.tcp_slow_start_after_idle",
	"net.ipv4.tcp_tw_reuse",
	"net.ipv4.tcp_wmem",
}

// mostNetworks is how many namespaces are looked into: what is wrong with one is so with the next.
const mostNetworks = 16

// containers is what is known of those on the host.
type containers struct {
	engines  []engine // that run, or of an image that are installed
	networks int      // network namespaces of containers that were looked into
	hidden   int      // processes that only root can look into
	own      map[string]string
	other    map[string]string // of the keys that one of the namespaces has otherwise: its value
	err      error
}

func observeContainers(h host.Host) (c containers) {
	there := func(p string) bool { _, err := h.Lstat(p); return err == nil }
	for _, e := range engines() {
		if slices.ContainsFunc(e.there, there) && (!h.Live() || e.running == nil || slices.ContainsFunc(e.running, there)) {
			c.engines = append(c.engines, e)
		}
	}
	if c.engines == nil || !h.Live() {
		return c
	}
	pids, hidden, err := h.OtherNetworks()
	if c.hidden, c.err = hidden, err; err != nil {
		return c
	}
	c.own, c.other = map[string]string{}, map[string]string{}
	for _, key := range containerKeys {
		value, err := h.ReadKnob(key)
		if err == nil {
			c.own[key] = strings.Join(strings.Fields(value), " ")
		}
	}
	for _, pid := range pids {
		if c.networks == mostNetworks {
			break
		}
		if h.ContainerOf(pid) == "" { // a service with PrivateNetwork=, for instance
			continue
		}
		values, err := h.KnobsOf(pid, containerKeys)
		if err != nil {
			c.err = err
			continue // it may have gone meanwhile
		}
		c.networks++
		for key, value := range values {
			if own, known := c.own[key]; known && own != value {
				c.other[key] = value
			}
		}
	}
	return c
}

// checkContainers says that what is tuned on a host does not reach its containers: a network namespace has its own
// values, and begins with the kernel's.
func checkContainers(f facts) report.Check {
	const name = "containers"
	c := f.containers
	if len(c.engines) == 0 {
		return pass(name, "none",
			"nothing that starts containers was found: docker, podman, kubelet, k3s, rke2, k0s, microk8s")
	}
	var names, values []string
	for _, e := range c.engines {
		names = append(names, e.name)
	}
	value := strings.Join(names, ", ")
	const reason = "net.* belongs to each network namespace: containers do not get the values of the host"
	for _, key := range containerKeys {
		if other, differs := c.other[key]; differs {
			values = append(values, fmt.Sprintf("%s is %s, on the host %s", key, other, c.own[key]))
		}
	}
	switch {
	case !f.live:
	case values != nil:
		value += fmt.Sprintf(", %d networks of containers: %s", c.networks, strings.Join(values, "; "))
	case c.err != nil:
		return warn(name, value+", not visible", reason+"; not visible: "+c.err.Error(), c.fix())
	case c.networks == 0 && c.hidden > 0:
		return warn(name, value+", not visible", reason+"; not visible: what they have, without root", c.fix())
	case c.networks > 0:
		return pass(name, fmt.Sprintf("%s, %d networks of containers", value, c.networks), "they have the values of the host")
	default:
		value += ", no container with a network of its own runs"
	}
	return warn(name, value, reason, c.fix())
}

// fix gives the values of the host to a container, in the words of each engine.
func (c containers) fix() string {
	var flags, lines, sysctls []string
	for _, key := range containerKeys {
		if _, differs := c.other[key]; !differs && (len(c.other) > 0 || key != containerKeys[0]) {
			continue
		}
		value := c.own[key]
		if value == "" {
			value = "65535"
		}
		flags = append(flags, fmt.Sprintf("--sysctl %s=%q", key, value))
		lines = append(lines, fmt.Sprintf("%s: %q", key, value))
		sysctls = append(sysctls, fmt.Sprintf("{name: %s, value: %q}", key, value))
	}
	var fixes []string
	pods := false
	for _, e := range c.engines {
		switch {
		case !e.pods && e.name == "docker":
			fixes = append(fixes, "docker run "+strings.Join(flags, " "),
				"in a compose file, for the service: sysctls: {"+strings.Join(lines, ", ")+"}")
		case !e.pods:
			fixes = append(fixes, e.name+" run "+strings.Join(flags, " "))
		case !pods:
			pods = true
			fixes = append(fixes, "in a pod: securityContext: {sysctls: ["+strings.Join(sysctls, ", ")+
				"]}, and what Kubernetes does not take for safe by --allowed-unsafe-sysctls of the kubelet")
		}
	}
	return strings.Join(fixes, "; ")
}
