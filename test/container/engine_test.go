package container

import (
	"archive/tar"
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/tcptune/tcptune/test/long"
)

// imageOf is an image with nothing but one static program at its root.
func imageOf(t *testing.T, name, file string) *bytes.Buffer {
	t.Helper()
	program, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	image := new(bytes.Buffer)
	w := tar.NewWriter(image)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(program))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(program); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return image
}

// bootEngines boots a machine with docker.io and podman, whose layers are copies: its own root is an overlay already.
func bootEngines(t *testing.T, files map[string]string) *Machine {
	t.Helper()
	files["/etc/containers/storage.conf"] = "[storage]\ndriver = \"vfs\"\nrunroot = \"/run/containers/storage\"\ngraphroot = \"/var/lib/containers/storage\"\n"
	m := Boot(t, Options{Packages: []string{"docker.io", "iptables", "podman"}, Files: files, Degraded: []string{"podman-auto-update.service"}})
	m.CopyIn(t, program(t, "tcptune"), "/usr/bin/tcptune")
	return m
}

// The real podman, as above. This machine may not raise its limits, and has no controller for the number of processes.
func TestPortThatPodmanPublishes(t *testing.T) {
	long.Only(t, "container engines are installed in a root of their own")
	t.Parallel()
	m := bootEngines(t, map[string]string{})
	mustExit(t, 0, m.RunInput(t, imageOf(t, "jobs", program(t, "jobs")), "podman", "import", "-", "jobs"))
	limits := "$(awk '/^Max processes/ {printf \"--ulimit nproc=%s:%s \", $3, $4} /^Max open files/ {printf \"--ulimit nofile=%s:%s\", $4, $5}' /proc/self/limits)"
	for name, port := range map[string]string{"web": "9090", "other": "9091"} {
		m.Script(t, "podman --runtime runc run --detach --restart=always --pids-limit 0 "+limits+" --name "+name+
			" --publish "+port+":80 --publish 1"+port+":81 jobs /jobs listen 80")
	}
	id := strings.TrimSpace(m.Must(t, "podman", "ps", "--filter", "name=web", "--format", "{{.ID}}"))
	names := func() string { return strings.TrimSpace(m.Must(t, "podman", "ps", "--format", "{{.Names}}")) }

	m.Must(t, "systemctl", "stop", "podman.socket", "podman.service")
	r := m.Run(t, "tcptune", "port", "9090", "--kill")
	mustExit(t, 4, r)
	if !strings.Contains(r.Stdout, "podman stop "+id) {
		t.Errorf("nobody answers for podman: %s", r.Stdout)
	}
	m.Must(t, "systemctl", "start", "podman.socket")
	r = m.Run(t, "tcptune", "port", "9090", "--kill", "--dry-run")
	mustExit(t, 0, r)
	if want := "podman/web  to be stopped  tcp/9090\n    also closes tcp/19090\n"; !strings.HasSuffix(r.Stdout, want) {
		t.Errorf("the dry run: %s", r.Stdout)
	}
	r = m.Run(t, "tcptune", "port", "9090", "--kill")
	mustExit(t, 0, r)
	if !strings.Contains(r.Stdout, "podman/web  stopped") || !strings.Contains(r.Stdout, "tcp/9090 is free") || names() != "other" {
		t.Errorf("%q runs on; %s", names(), r.Stdout)
	}
}

// The real docker.io: a port that it publishes is freed by stopping the container, and nothing that docker runs is signalled.
func TestPortThatDockerPublishes(t *testing.T) {
	long.Only(t, "container engines are installed in a root of their own")
	t.Parallel()
	m := bootEngines(t, map[string]string{
		"/etc/systemd/system/shop.service": unit("ExecStart=/usr/bin/docker run --rm -p 9095:80 jobs /jobs listen 80", "Restart=always", "RestartSec=100ms"),
	})
	mustExit(t, 0, m.RunInput(t, imageOf(t, "jobs", program(t, "jobs")), "docker", "import", "-", "jobs"))
	processes := func() string { return m.Must(t, "pgrep", "-a", "dockerd|containerd$") }
	daemons := processes()
	start := func(name string, args ...string) {
		t.Helper()
		m.Must(t, append([]string{"docker", "run", "-d", "--name", name}, args...)...)
	}
	runs := func(name string) bool {
		t.Helper()
		return m.Must(t, "docker", "inspect", "--format", "{{.State.Running}}", name) == "true\n"
	}

	start("web", "--restart=always", "-p", "9090:80", "-p", "9091:81", "-p", "9092:82/udp", "jobs", "/jobs", "listen", "80")
	start("neighbour", "-p", "9093:80", "jobs", "/jobs", "listen", "80")
	t.Run("the dry run names the container, and what it publishes besides", func(t *testing.T) {
		r := m.Run(t, "tcptune", "port", "9090", "--kill", "--dry-run")
		mustExit(t, 0, r)
		if want := "docker/web  to be stopped  tcp/9090\n    also closes tcp/9091, udp/9092\n"; !strings.HasSuffix(r.Stdout, want) || !runs("web") {
			t.Errorf("it runs: %v; %s", runs("web"), r.Stdout)
		}
	})
	t.Run("its processes are not signalled, whatever is asked for", func(t *testing.T) {
		for _, mode := range []string{"process", "unit"} {
			r := m.Run(t, "tcptune", "port", "9090", "--kill", "--mode", mode)
			mustExit(t, 4, r)
			if !strings.Contains(r.Stdout, "stop the container that publishes the port: docker ps") || !runs("web") {
				t.Errorf("--mode %s: it runs: %v; %s", mode, runs("web"), r.Stdout)
			}
		}
	})
	t.Run("the engine stops it, and does not start it again", func(t *testing.T) {
		r := m.Run(t, "tcptune", "port", "9090", "--kill")
		mustExit(t, 0, r)
		if !strings.Contains(r.Stdout, "docker/web  stopped  tcp/9090") || !strings.Contains(r.Stdout, "tcp/9090 is free") || runs("web") {
			t.Errorf("it runs: %v; %s", runs("web"), r.Stdout)
		}
		mustExit(t, 0, m.Run(t, "tcptune", "port", "9090", "9091", "--expect", "free"))
	})
	t.Run("a program in the network of the machine", func(t *testing.T) {
		start("direct", "--network", "host", "jobs", "/jobs", "listen", "9094")
		mustExit(t, 0, m.Run(t, "tcptune", "port", "9094", "--wait", "held"))
		r := m.Run(t, "tcptune", "port", "9094", "--kill")
		mustExit(t, 0, r)
		if !strings.Contains(r.Stdout, "docker/direct  stopped") || runs("direct") {
			t.Error(r.Stdout)
		}
	})
	t.Run("a container that a service runs: the service is stopped, or it would start another", func(t *testing.T) {
		m.startUnits(t, "9095", "shop.service")
		m.Script(t, "until docker ps --filter publish=9095 --quiet | grep -q .; do sleep 0.1; done")
		r := m.portTakenAgain(t, "9095", "--kill", "--mode", "container")
		if !strings.Contains(r.Error.Message, "taken again by docker-proxy") {
			t.Errorf("%+v", r)
		}
		m.Script(t, "until docker ps --filter publish=9095 --quiet | grep -q .; do sleep 0.1; done")
		mustExit(t, 0, m.Run(t, "tcptune", "port", "9095", "--kill"))
		if m.isActive(t, "shop.service") {
			t.Error("the service runs")
		}
	})
	t.Run("a task of a swarm is left to it", func(t *testing.T) {
		m.Script(t, "docker swarm init --advertise-addr 127.0.0.1 && "+
			"docker service create --detach --name task --publish mode=host,published=9096,target=80 --no-resolve-image jobs /jobs listen 80")
		m.Script(t, "until docker ps --filter publish=9096 --quiet | grep -q .; do sleep 0.1; done")
		r := m.Run(t, "tcptune", "port", "9096", "--kill")
		mustExit(t, 4, r)
		if !strings.Contains(r.Stdout, "docker service scale task=0") {
			t.Error(r.Stdout)
		}
		m.Script(t, "docker service scale --detach task=0")
		mustExit(t, 0, m.Run(t, "tcptune", "port", "9096", "--wait", "free", "--timeout", "60s"))
	})
	if !runs("neighbour") || processes() != daemons {
		t.Errorf("the neighbour runs: %v; the engine was\n%sand is\n%s", runs("neighbour"), daemons, processes())
	}
}
