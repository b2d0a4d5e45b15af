package portcheck

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// Pictures of control groups and of processes, as engines make them that no test runs here: pods of Kubernetes, snaps,
// flatpaks, podman 3, a proxy whose dockerd is gone.
func TestWhatRunsInAnEngineThatCannotBeAskedIsLeftToIt(t *testing.T) {
	id := strings.Repeat("ab", 32)
	short := id[:12]
	user := "/user.slice/user-1000.slice/user@1000.service/"
	podman3 := func(name string) Process {
		return Process{Pid: 70, Name: "exe", Exe: "/usr/bin/podman", Args: []string{name}, UID: 1000, Cgroup: CgroupOf(user + "user.slice/podman-800.scope")}
	}
	for name, c := range map[string]struct {
		process Process
		status  report.Status
		says    string // of what is refused
	}{
		"a pod, by containerd": {in("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podab.slice/cri-containerd-"+id+".scope", 70, "java"), report.Refused, "crictl stop " + short},
		"a pod, by cri-o":      {in("/kubepods.slice/kubepods-podab.slice/crio-"+id+".scope", 70, "java"), report.Refused, "kubectl"},
		"a pod, by cgroupfs":   {in("/kubepods/besteffort/pod12/"+id, 70, "java"), report.Refused, "crictl stop " + short},
		"cri-o":                {in("/machine.slice/crio-"+id+".scope", 70, "java"), report.Refused, "crictl stop " + short},
		"docker":               {in("/docker/"+id, 70, "java"), report.Refused, "docker stop " + short},
		"nerdctl":              {in("/system.slice/nerdctl-"+id+".scope", 70, "java"), report.Refused, "nerdctl stop " + short},
		"podman of a user":     {in(user+"user.slice/libpod-"+id+".scope", 70, "java"), report.Refused, "podman stop " + short + " as its user"},
		"lxc":                  {in("/lxc.payload.web", 70, "nginx"), report.Refused, "lxc-stop -n web"},
		"nspawn":               {in("/machine.slice/machine-web.scope", 70, "nginx"), report.Refused, "machinectl poweroff web"},
		"podman 3, its port":   {podman3("containers-rootlessport"), report.Refused, "stop the container that publishes the port"},
		"podman 3, its child":  {podman3("containers-rootlessport-child"), report.Refused, "stop the container that publishes the port"},
		"a proxy without dockerd": {
			Process{Pid: 70, Name: "docker-proxy", Exe: "/usr/bin/docker-proxy", Args: []string{"/usr/bin/docker-proxy", "-proto", "tcp"}, Cgroup: CgroupOf("/")},
			report.Refused, "stop the container that publishes the port",
		},
		"slirp4netns":      {Process{Pid: 70, Name: "slirp4netns", Exe: "/usr/bin/slirp4netns", UID: 1000, Cgroup: CgroupOf(user + "user.slice/x.scope")}, report.Refused, "stop the container"},
		"an app of a snap": {in(user+"app.slice/snap.firefox.firefox-5f3c.scope", 70, "firefox"), report.Planned, ""},
		"a flatpak":        {in(user+"app.slice/app-flatpak-org.gnome.Maps-2411.scope", 70, "maps"), report.Planned, ""},
		"microk8s":         {in("/system.slice/snap.microk8s.daemon-kubelite.service", 70, "kubelite"), report.Refused, "drain the node first"},
	} {
		acts := decide(Survey{Holders: []Holder{listening(8080, c.process)}}, facts{}, Order{Signal: unix.SIGTERM})
		if len(acts) != 1 || acts[0].Status != c.status || !strings.Contains(acts[0].Reason, c.says) {
			t.Errorf("%s: %s: %s", name, acts[0].Status, acts[0].Reason)
		}
	}
}

// Whoever waits for a container in the foreground starts it again: which one a command line is about.
func TestWhoHasStartedAContainer(t *testing.T) {
	c := host.EngineContainer{
		ID: strings.Repeat("ab", 32), Name: "web", Ports: []host.Published{{HostPort: 8080, Protocol: "tcp"}},
		Labels: map[string]string{"com.docker.compose.project.working_dir": "/srv/shop"},
	}
	for line, want := range map[string]bool{
		"docker run --rm --name web nginx": true, "docker run --name=web nginx": true, "docker start -a web": true,
		"docker start --attach abababababab": true, "docker run -p 8080:80 nginx": true, "docker run -p8080:80/tcp nginx": true,
		"docker run --publish=127.0.0.1:8080:80 nginx -d": true, "podman wait web": true, "docker compose up": true,
		"docker-compose -f shop.yaml up": true,
		"docker exec -it web sh":         false, "docker run --name shop -p 9090:8080 nginx": false, "docker logs -f web": false, "docker run nginx ab": false,
	} {
		if got := startedBy(c, Process{Dir: "/srv/shop", Args: strings.Fields(line)}); got != want {
			t.Errorf("%s: %v, want %v", line, got, want)
		}
	}
	if startedBy(c, Process{Dir: "/srv/other", Args: []string{"docker", "compose", "up"}}) {
		t.Error("the compose of another folder")
	}
}
