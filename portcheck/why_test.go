package portcheck

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// docker answers at the usual place, in a /run of its own, as the engine that publishes port 8443 of container shop.
// stop is called with the grace in seconds when that is to be stopped.
func (r room) docker(stop func(grace string)) {
	r.Helper()
	r.must(unix.Mount("tmpfs", "/run", "tmpfs", 0, ""))
	l, err := net.Listen("unix", "/run/docker.sock")
	r.must(err)
	id, state := strings.Repeat("ab", 32), running
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containers/json", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `[{"Id":%q,"Names":["/shop"],"State":"running","Ports":[{"IP":"0.0.0.0","PublicPort":8443,"Type":"tcp"}]}]`, id)
	})
	mux.HandleFunc("GET /containers/"+id+"/json", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"Id": id, "Name": "/shop", "State": map[string]string{"Status": state}})
	})
	mux.HandleFunc("POST /containers/"+id+"/stop", func(w http.ResponseWriter, q *http.Request) {
		stop(q.URL.Query().Get("t"))
		state = exited
		w.WriteHeader(http.StatusNoContent)
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	r.Cleanup(func() { _ = server.Close() })
}

func TestWhatIsToBeKnownOfAFreePort(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.docker(func(string) {})
	r.must(os.WriteFile("/proc/sys/net/ipv4/ip_local_reserved_ports", []byte("8443,9000-9010"), 0))
	other := r.actor("listen 0.0.0.0:8081", func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	})
	v, s := r.look(Query{Ranges: []Range{{TCP, 8081, 8081}, {TCP, 8443, 8443}, {TCP, 9005, 9005}, {TCP, 9020, 9020}}})
	want := []string{
		"tcp/8443 is reserved in net.ipv4.ip_local_reserved_ports: no client gets it by itself, a server may bind it",
		"tcp/9005 is reserved in net.ipv4.ip_local_reserved_ports: no client gets it by itself, a server may bind it",
		"tcp/8443 is sent to container docker/shop by a NAT rule, without a process that holds it: docker stop shop ends that",
		fmt.Sprintf("tcp/8081 is held in another network namespace, which is in nobody's way here: --netns %d shows it", other.pid()),
	}
	if diff := cmp.Diff(want, v.Why(r.Context(), s)); diff != "" {
		t.Errorf("wanted (-) and found (+):\n%s", diff)
	}
}

func TestAContainerIsStoppedByItsEngine(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	program := filepath.Join(t.TempDir(), "docker-proxy")
	sleep, err := os.ReadFile("/bin/sleep")
	r.must(err)
	r.must(os.WriteFile(program, sleep, 0o755))
	proxy := r.start(exec.Command(program, "1000"), r.listener("0.0.0.0:8443"))
	grace := ""
	r.docker(func(seconds string) {
		grace = seconds
		_ = proxy.Process.Kill()
		<-proxy.ended
	})
	acts, verdicts := r.free(ports(TCP, 8443, 8443), usual())
	if len(acts) != 1 || acts[0].Kind != report.Container || acts[0].Status != report.Applied || grace != "5" || !verdicts[0].Free {
		t.Errorf("%+v, grace %q, %+v", acts, grace, verdicts)
	}
}

func TestABoundSocketIsInTheWay(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.keeper(r.socket(TCP, "0.0.0.0:8080"))
	_, s := r.look(Query{Ranges: ports(TCP, 8080, 8080)})
	if len(s.Rest) == 0 {
		t.Skip("Linux before 6.8 does not list such sockets")
	}
	if h := s.Rest[0]; h.State != Unconn || h.Reason != "bound, but not listening" || len(h.Owners) != 1 {
		t.Errorf("%+v", h)
	}
	_, verdicts := r.free(ports(TCP, 8080, 8080), usual())
	if verdicts[0].Free || !strings.Contains(verdicts[0].Reason, "bound there without listening, by sleep") {
		t.Errorf("%+v", verdicts)
	}
}

// A socket that is in a message, and in no table of descriptors, is held all the same.
func TestASocketWithoutAProcessIsHeld(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	r.must(err)
	f := r.listener("0.0.0.0:8080")
	r.must(unix.Sendmsg(pair[0], []byte{0}, unix.UnixRights(int(f.Fd())), nil, 0))
	r.must(f.Close())
	acts, verdicts := r.free(ports(TCP, 8080, 8080), usual())
	if len(acts) != 1 || acts[0].Status != report.Refused || !strings.Contains(acts[0].Reason, "waits to be received over a Unix socket") || verdicts[0].Free {
		t.Errorf("%+v %+v", acts, verdicts)
	}
}
