package host

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// standInEngine answers in the words of the Docker Engine API. It stands in for docker and podman, whose containers
// cannot run on a machine that may not raise its limits.
func standInEngine(t *testing.T) (Engine, *string) {
	t.Helper()
	e := Engine{Name: "docker", Socket: filepath.Join(t.TempDir(), "docker.sock")}
	l, err := net.Listen("unix", e.Socket)
	if err != nil {
		t.Fatal(err)
	}
	state, stopped := "running", ""
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containers/json", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`[{"Id":"abc123","Names":["/shop"],"State":"running","Labels":{"a":"b"},"Ports":[
			{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"},{"PrivatePort":443,"Type":"tcp"},{"IP":"::","PrivatePort":80,"PublicPort":8080,"Type":"tcp"}]}]`))
	})
	mux.HandleFunc("GET /containers/abc123/json", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"Id": "abc123", "Name": "/shop", "State": map[string]string{"Status": state}})
	})
	mux.HandleFunc("POST /containers/abc123/stop", func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusNoContent
		if state == "exited" {
			status = http.StatusNotModified
		}
		state, stopped = "exited", r.URL.Query().Get("t")
		w.WriteHeader(status)
	})
	mux.HandleFunc("GET /containers/broken/json", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "out of order", http.StatusInternalServerError)
	})
	mux.HandleFunc("GET /containers/endless/json", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(strings.Repeat(" ", engineAnswer+1)))
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return e, &stopped
}

func TestEngineTellsWhatItsContainersPublish(t *testing.T) {
	t.Parallel()
	e, _ := standInEngine(t)
	got, err := e.Containers(t.Context())
	want := []EngineContainer{{ID: "abc123", Name: "shop", State: "running", Labels: map[string]string{"a": "b"}, Ports: []Published{
		{netip.MustParseAddr("0.0.0.0"), 8080, "tcp"}, {netip.MustParseAddr("::"), 8080, "tcp"},
	}}}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); err != nil || diff != "" {
		t.Errorf("%v, wanted (-) and got (+):\n%s", err, diff)
	}
}

func TestEngineStopsAContainerOnceAndTwice(t *testing.T) {
	t.Parallel()
	e, grace := standInEngine(t)
	for range 2 {
		if err := e.Stop(t.Context(), "abc123", 5*time.Second); err != nil || *grace != "5" {
			t.Errorf("%v, grace %q", err, *grace)
		}
		if c, err := e.Inspect(t.Context(), "abc123"); err != nil || c.State != "exited" {
			t.Errorf("%+v, %v", c, err)
		}
	}
}

func TestEngineErrors(t *testing.T) {
	t.Parallel()
	e, _ := standInEngine(t)
	for id, want := range map[string]string{
		"broken": "out of order", "endless": "longer than 4 MiB", "../images": "neither an id nor a name", "a/b": "neither", "": "neither", "x?y": "neither",
	} {
		if _, err := e.Inspect(t.Context(), id); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", id, err, want)
		}
	}
	if _, err := e.Inspect(t.Context(), "nosuch"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a container that does not exist: %v", err)
	}
	if _, err := (Engine{Name: "podman", Socket: "/nonexistent"}).Containers(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "cannot ask podman about its containers: ") {
		t.Errorf("no engine: %v", err)
	}
}

func FuzzParseContainers(f *testing.F) {
	f.Add([]byte(`[{"Id":"abc","Names":["/a"],"Ports":[{"IP":"::","PublicPort":80,"Type":"tcp"}]}]`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		containers, err := parseContainers(data)
		for _, c := range containers {
			for _, p := range c.Ports {
				if p.HostPort == 0 || err != nil {
					t.Fatalf("%q gives %+v, %v", data, c, err)
				}
			}
		}
	})
}
