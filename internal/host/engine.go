package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/internal/trail"
)

// Engine is a container engine that answers on a socket: docker, or podman, whose API has the same words.
type Engine struct {
	Name   string // "docker", "podman"
	Socket string // absolute path
	trail  trail.Trail
}

// EngineContainer is a container as its engine knows it.
type EngineContainer struct {
	ID     string // 64 hexadecimal digits
	Name   string
	State  string // "running", "exited", "created", "paused"
	Ports  []Published
	Labels map[string]string // of Containers
}

// Published is a port of the machine that leads into a container.
type Published struct {
	HostIP   netip.Addr // the zero value for all addresses
	HostPort uint16
	Protocol string // "tcp", "udp"
}

const (
	engineTime   = 3 * time.Second
	engineAnswer = 4 << 20 // bytes
)

// Engines lists the engines of the system whose socket is there, and those of the user who runs this. A socket that
// belongs to neither root nor that user is none: anybody could listen on it.
func (h Host) Engines() (engines []Engine) {
	if !h.Live() {
		return nil
	}
	own := fmt.Sprintf("/run/user/%d", unix.Geteuid())
	for _, e := range []Engine{
		{"docker", "/run/docker.sock", h.trail},
		{"podman", "/run/podman/podman.sock", h.trail},
		{"docker", own + "/docker.sock", h.trail},
		{"podman", own + "/podman/podman.sock", h.trail},
	} {
		var st unix.Stat_t
		if unix.Lstat(e.Socket, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFSOCK &&
			(st.Uid == 0 || int(st.Uid) == unix.Geteuid()) {
			engines = append(engines, e)
		}
	}
	return engines
}

// Containers lists the containers that run.
func (e Engine) Containers(ctx context.Context) ([]EngineContainer, error) {
	data, err := e.ask(ctx, http.MethodGet, "/containers/json", engineTime, http.StatusOK)
	if err != nil {
		return nil, fmt.Errorf("cannot ask %s about its containers: %w", e.Name, err)
	}
	containers, err := parseContainers(data)
	if err != nil {
		return nil, fmt.Errorf("cannot ask %s about its containers: %w", e.Name, err)
	}
	return containers, nil
}

func parseContainers(data []byte) (containers []EngineContainer, err error) {
	var list []struct {
		ID, State string
		Names     []string
		Labels    map[string]string
		Ports     []struct {
			IP         string
			PublicPort uint16
			Type       string
		}
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("its answer is not what is expected: %w", err)
	}
	for _, found := range list {
		c := EngineContainer{ID: found.ID, Name: found.ID, State: found.State, Labels: found.Labels}
		if len(found.Names) > 0 {
			c.Name = strings.TrimPrefix(found.Names[0], "/")
		}
		for _, p := range found.Ports {
			if p.PublicPort != 0 {
				ip, _ := netip.ParseAddr(p.IP) // podman leaves it empty for all addresses
				c.Ports = append(c.Ports, Published{ip, p.PublicPort, p.Type})
			}
		}
		containers = append(containers, c)
	}
	return containers, nil
}

// Inspect asks for one container. It is fs.ErrNotExist when there is none.
func (e Engine) Inspect(ctx context.Context, id string) (EngineContainer, error) {
	if err := checkContainer(id); err != nil {
		return EngineContainer{}, err
	}
	data, err := e.ask(ctx, http.MethodGet, "/containers/"+id+"/json", engineTime, http.StatusOK)
	if err != nil {
		return EngineContainer{}, fmt.Errorf("cannot ask %s about container %s: %w", e.Name, id, err)
	}
	var found struct {
		ID, Name string
		State    struct{ Status string }
	}
	if err := json.Unmarshal(data, &found); err != nil {
		return EngineContainer{}, fmt.Errorf("cannot ask %s about container %s: %w", e.Name, id, err)
	}
	return EngineContainer{ID: found.ID, Name: strings.TrimPrefix(found.Name, "/"), State: found.State.Status}, nil
}

// Stop stops a container: it gets its stop signal, and SIGKILL after grace. One that has stopped is no error.
func (e Engine) Stop(ctx context.Context, id string, grace time.Duration) error {
	if err := checkContainer(id); err != nil {
		return err
	}
	path := fmt.Sprintf("/containers/%s/stop?t=%d", id, max(0, int(grace.Round(time.Second).Seconds())))
	_, err := e.ask(ctx, http.MethodPost, path, grace+10*time.Second, http.StatusNoContent, http.StatusNotModified)
	if err != nil {
		return fmt.Errorf("cannot stop container %s: %w", id, err)
	}
	return nil
}

// checkContainer refuses what could mean something else in a URL.
func checkContainer(id string) error {
	if !regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$`).MatchString(id) {
		return fmt.Errorf("cannot use container %q: neither an id nor a name", id)
	}
	return nil
}

// ask sends one request over a connection of its own. The path has no version, which the engine takes for its newest.
func (e Engine) ask(ctx context.Context, method, path string, limit time.Duration, good ...int) ([]byte, error) {
	since := time.Now()
	data, err := e.request(ctx, method, path, limit, good...)
	e.trail.Asks(e.Name+" at "+e.Socket, method+" "+path, since, fmt.Sprintf("%d bytes", len(data)), err)
	return data, err
}

func (e Engine) request(ctx context.Context, method, path string, limit time.Duration, good ...int) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", e.Socket)
		},
	}}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+e.Name+path, nil)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		if errors.Is(err, unix.EACCES) {
			return nil, fmt.Errorf("%s: %w", e.Socket, os.ErrPermission)
		}
		return nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, engineAnswer+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > engineAnswer:
		return nil, errors.New("its answer is longer than 4 MiB")
	case answer.StatusCode == http.StatusNotFound:
		return nil, fs.ErrNotExist
	}
	for _, status := range good {
		if answer.StatusCode == status {
			return data, nil
		}
	}
	return nil, fmt.Errorf("it says %s: %s", answer.Status, bytes.TrimSpace(data[:min(len(data), 200)]))
}
