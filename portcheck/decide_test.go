package portcheck

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
)

func listening(port uint16, owners ...Process) Holder {
	h := Holder{Socket: Socket{Protocol: TCP, Local: netip.AddrPortFrom(netip.IPv6Unspecified(), port), State: Listen, DualStack: true, Inode: 7, Cookie: 8}, Count: 1}
	for _, p := range owners {
		h.Owners = append(h.Owners, Owner{Process: p, Descriptors: []Descriptor{{p.Pid, p.Pid, 3, 7, Directly}}})
	}
	return h
}

func in(cgroup string, pid int, name string) Process {
	return Process{Pid: pid, Name: name, Exe: "/usr/bin/" + name, Cgroup: CgroupOf(cgroup)}
}

func TestTheRightAct(t *testing.T) {
	id := strings.Repeat("ab", 32)
	f := facts{
		self: in("/user.slice/user-0.slice/session-1.scope", 50, "tcptune"), ancestors: map[int]bool{50: true, 40: true, 1: true},
		ephemeral: map[uint16]bool{40000: true},
		workers:   map[int]bool{100: true, 101: true, 300: true},
		sockets: []host.Unit{
			{Name: "web.socket", Active: "active", Triggers: []string{"web.service"}, Listen: []host.Listen{{Type: "Stream", Address: "[::]:8081"}}},
			{Name: "door.socket", Active: "active", Triggers: []string{"ssh.service"}, Listen: []host.Listen{{Type: "Stream", Address: "[::]:2200"}}},
			{Name: "east.socket", Active: "active", Listen: []host.Listen{{Type: "Stream", Address: "0.0.0.0:8090"}, {Type: "Stream", Address: "[::]:8090"}}},
			{Name: "west.socket", Active: "active", Listen: []host.Listen{{Type: "Stream", Address: "[::]:8090"}}},
			{Name: "idle.socket", Active: "active", Triggers: []string{"idle.service"}, Listen: []host.Listen{{Type: "Stream", Address: "[::]:8091"}}},
			{Name: "shop.socket", Active: "active", Triggers: []string{"till.service"}, Listen: []host.Listen{{Type: "Stream", Address: "[::]:8100"}}},
			{Name: "shop-admin.socket", Active: "active", Triggers: []string{"till.service"}, Listen: []host.Listen{{Type: "Stream", Address: "[::]:8101"}}},
			{Name: "ssh.socket", Active: "active", Triggers: []string{"ssh.service"}, Listen: []host.Listen{{Type: "Stream", Address: "[::]:22"}}},
		},
		units: map[unitName]host.Unit{
			{name: "nginx.service"}: {Name: "nginx.service", Active: "active", MainPID: 100, Restart: "always"},
			{name: "idle.service"}:  {Name: "idle.service", Active: "inactive"},
			{name: "ssh.service"}:   {Name: "ssh.service", Active: "inactive"},
			{name: "till.service"}:  {Name: "till.service", Active: "active", MainPID: 400, Wants: []string{"shop.socket"}},
			{name: "shop.service"}:  {Name: "shop.service", Active: "active", MainPID: 702, Restart: "always"},
			{name: "web.service"}:   {Name: "web.service", Active: "active", MainPID: 300},
		},
		engines: []engineView{{host.Engine{Name: "docker", Socket: "/run/docker.sock"}, []host.EngineContainer{
			{ID: id, Name: "shop", State: "running", Ports: []host.Published{{HostPort: 8443, Protocol: "tcp"}}},
			{ID: "ab", Name: "run", State: "running", Ports: []host.Published{{HostPort: 8446, Protocol: "tcp"}}},
			{ID: "ac", Name: "svc.1", State: "running", Ports: []host.Published{{HostPort: 8447, Protocol: "tcp"}}, Labels: map[string]string{"com.docker.swarm.service.name": "svc"}},
		}}},
		clients: map[string]Owner{"ab": {Process: in("/system.slice/nginx.service", 100, "docker")}},
	}
	const service = "/system.slice/nginx.service"
	for name, tc := range map[string]struct {
		holder Holder
		order  Order
		want   []string // kind target status
		reason string
	}{
		"a process":                     {listening(8080, in("/", 500, "python3")), Order{}, []string{"signal 500 planned"}, ""},
		"a process of a session":        {listening(8080, in("/user.slice/user-0.slice/session-3.scope", 500, "node")), Order{}, []string{"signal 500 planned"}, ""},
		"the main process of a service": {listening(80, in(service, 100, "nginx"), in(service, 101, "nginx")), Order{}, []string{"unit nginx.service planned"}, ""},
		"only the process":              {listening(80, in(service, 100, "nginx")), Order{Mode: ByProcess}, []string{"signal 100 planned"}, ""},
		"a job in somebody else's unit": {listening(80, in(service, 102, "job")), Order{}, []string{"signal 102 planned"}, ""},
		"a socket unit behind PID 1":    {listening(8081, in("/init.scope", 1, "systemd"), in("/system.slice/web.service", 300, "web")), Order{}, []string{"unit web.socket planned", "unit web.service planned"}, ""},
		"a socket that another one brings back": {
			listening(8100, in("/init.scope", 1, "systemd")), Order{}, []string{"unit shop.socket planned", "unit shop-admin.socket planned", "unit till.service planned"}, "",
		},
		"a socket that is not brought back": {listening(8101, in("/init.scope", 1, "systemd")), Order{}, []string{"unit shop-admin.socket planned", "unit till.service planned"}, ""},
		"PID 1 without a socket unit":       {listening(9, in("/init.scope", 1, "systemd")), Order{Force: true}, []string{"signal 1 refused"}, "it is PID 1"},
		"ssh.socket":                        {listening(22, in("/init.scope", 1, "systemd")), Order{}, []string{"signal 1 refused"}, "may carry this login"},
		"a unit that would start sshd":      {listening(2200, in("/init.scope", 1, "systemd")), Order{}, []string{"signal 1 refused"}, "may carry this login"},
		"what a socket has not started":     {listening(8091, in("/init.scope", 1, "systemd")), Order{}, []string{"unit idle.socket planned"}, ""},
		"two units of the same address":     {listening(8090, in("/init.scope", 1, "systemd")), Order{Force: true}, []string{"signal 1 refused"}, "east.socket, west.socket"},
		"sshd":                              {listening(2222, in("/system.slice/ssh.service", 600, "sshd")), Order{}, []string{"signal 600 refused"}, "--force stops it"},
		"sshd by force":                     {listening(2222, in("/system.slice/ssh.service", 600, "sshd")), Order{Force: true}, []string{"signal 600 planned"}, ""},
		"dbus by force":                     {listening(2222, in("/system.slice/dbus.service", 600, "dbus-daemon")), Order{Force: true}, []string{"signal 600 refused"}, "breaks the machine"},
		"an ancestor by force":              {listening(8080, in("/", 40, "bash")), Order{Force: true}, []string{"signal 40 refused"}, "has started this tcptune"},
		"a container":                       {listening(8080, in("/system.slice/docker-"+id+".scope", 700, "java")), Order{}, []string{"container docker/shop planned"}, ""},
		"a container that nobody knows":     {listening(8080, in("/lxc.payload.web", 700, "java")), Order{}, []string{"signal 700 refused"}, "whose engine does not answer"},
		"the proxy of a container":          {listening(8443, in("/system.slice/docker.service", 701, "docker-proxy")), Order{}, []string{"container docker/shop planned"}, ""},
		"a group named like one, by a user": {
			listening(8080, in("/user.slice/user-1000.slice/user@1000.service/docker-"+id+".scope", 700, "java")), Order{}, []string{"signal 700 refused"}, "whose engine does not answer",
		},
		"a group named like one, by a service": {
			listening(8080, in("/system.slice/nginx.service/docker/"+id, 700, "java")), Order{}, []string{"signal 700 refused"}, "whose engine does not answer",
		},
		"the monitor of a unit's container": {listening(8443, in("/system.slice/shop.service", 702, "conmon")), Order{}, []string{"unit shop.service planned"}, ""},
		"the monitor of a container of podman, which does not answer": {
			listening(8445, in("/machine.slice/libpod-conmon-"+id+".scope", 704, "conmon")), Order{}, []string{"signal 704 refused"}, "podman stop " + id[:12],
		},
		"the network of a user's container": {listening(8443, in("/user.slice/user-1000.slice/session-4.scope", 703, "pasta.avx2")), Order{Mode: ByProcess}, []string{"signal 703 refused"}, "stop the container"},
		"the proxy of none":                 {listening(8444, in("/system.slice/docker.service", 701, "docker-proxy")), Order{}, []string{"signal 701 refused"}, "stop the container"},
		"a container that a service runs":   {listening(8446, in("/system.slice/docker.service", 701, "docker-proxy")), Order{}, []string{"unit nginx.service planned", "container docker/run planned"}, ""},
		"only the container":                {listening(8446, in("/system.slice/docker.service", 701, "docker-proxy")), Order{Mode: ByContainer}, []string{"container docker/run planned"}, ""},
		"a task of a swarm":                 {listening(8447, in("/system.slice/docker.service", 701, "docker-proxy")), Order{}, []string{"signal 701 refused"}, "docker service scale svc=0"},
		"only the task":                     {listening(8447, in("/system.slice/docker.service", 701, "docker-proxy")), Order{Mode: ByContainer}, []string{"container docker/svc.1 planned"}, ""},
		"one of two holders is refused":     {listening(2222, in("/", 500, "python3"), in("/system.slice/ssh.service", 600, "sshd")), Order{}, []string{"signal 500 refused", "signal 600 refused"}, "would stay held by sshd (pid 600)"},
		"cloud-init, a script":              {listening(80, Process{Pid: 800, Name: "python3", Exe: "/usr/bin/python3.12", Args: []string{"/usr/bin/python3", "/usr/bin/cloud-init", "init"}}), Order{}, []string{"signal 800 refused"}, "cloud-init status --wait"},
		"nobody that can be seen":           {Holder{Socket: listening(80).Socket, Reason: "no process has it open"}, Order{}, []string{"signal tcp/80 refused"}, "no process has it open"},
	} {
		tc.order.Signal = unix.SIGTERM
		var got []string
		reasons := ""
		for _, a := range decide(Survey{Holders: []Holder{tc.holder}}, f, tc.order) {
			got = append(got, fmt.Sprintf("%s %s %s", a.Kind, a.Target, a.Status))
			reasons += a.Reason + "\n"
			if (a.Status == report.Refused) != (a.Reason != "") {
				t.Errorf("%s: %s because of %q", name, a.Status, a.Reason)
			}
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s, wanted (-) and got (+):\n%s%s", name, diff, reasons)
		}
		if !strings.Contains(reasons, tc.reason) {
			t.Errorf("%s: %q, want %q", name, reasons, tc.reason)
		}
	}
}

// A unit that this tcptune runs in would take it along; one of its ancestors', its terminal or its runner of jobs.
func TestOwnUnitIsRefused(t *testing.T) {
	name := unitName{name: "ci.service"}
	f := facts{
		self: in("/system.slice/run-7.scope", 50, "tcptune"), ancestors: map[int]bool{50: true, 49: true}, ownUnits: map[unitName]bool{name: true},
		workers: map[int]bool{30: true}, units: map[unitName]host.Unit{name: {MainPID: 49}},
	}
	acts := decide(Survey{Holders: []Holder{listening(80, in("/system.slice/ci.service", 30, "ci"))}}, f, Order{Force: true})
	if len(acts) != 1 || acts[0].Status != report.Refused || !strings.Contains(acts[0].Reason, "runs in ci.service") {
		t.Errorf("%+v", acts)
	}
}

// Inside of a container, where its control group shows, a process of the same one is a process like any other.
func TestInTheSameContainerAProcessIsSignalled(t *testing.T) {
	group := "/docker/" + strings.Repeat("ab", 32)
	f := facts{self: in(group, 50, "tcptune"), ancestors: map[int]bool{50: true}}
	acts := decide(Survey{Holders: []Holder{listening(80, in(group, 30, "java"))}}, f, Order{})
	if len(acts) != 1 || acts[0].Kind != report.Signal || acts[0].Status != report.Planned {
		t.Errorf("%+v", acts)
	}
}

// An engine publishes ports in the network namespace of the machine: the same number in another one is not its
// business.
func TestAProxyInAnotherNamespaceIsNotThatOfTheEngine(t *testing.T) {
	f := facts{engines: []engineView{{host.Engine{Name: "docker"}, []host.EngineContainer{
		{ID: "a", Name: "shop", State: "running", Ports: []host.Published{{HostPort: 8443, Protocol: "tcp"}}},
	}}}}
	h := listening(8443, in("/system.slice/other.service", 701, "docker-proxy"))
	h.Namespace = "other"
	acts := decide(Survey{Holders: []Holder{h}}, f, Order{})
	if len(acts) != 1 || acts[0].Kind != report.Signal || acts[0].Status != report.Refused {
		t.Errorf("%+v", acts)
	}
}
