package fleet

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// balancer is HAProxy with the template, whose addresses are replaced by some of loopback.
type balancer struct {
	dir       string
	http, tcp string // where it listens
	servers   map[string]*exec.Cmd
}

// free is an address of loopback that nobody has.
func free(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func start(t *testing.T, env []string, argv ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", argv[0], said.String())
		}
	})
	return cmd
}

func newBalancer(t *testing.T) balancer {
	t.Helper()
	b := balancer{newBalancerDir(t), free(t), free(t), map[string]*exec.Cmd{}}
	replace := []string{"bind :80\n", "bind " + b.http + "\n", "bind :9000\n", "bind " + b.tcp + "\n"}
	for place, protocol := range map[string]string{"a web 192.0.2.11:8080": "http", "b web 192.0.2.12:8080": "http", "a line 192.0.2.11:9000": "line", "b line 192.0.2.12:9000": "line"} {
		words, at := strings.Fields(place), free(t)
		b.servers[words[1]+"/"+words[0]] = start(t, nil, "../../bin/tcptune-server", "--listen", at, "--protocol", protocol, "--proxy-from", "127.0.0.1/32", "--log-level", "error")
		replace = append(replace, words[2], at)
	}
	b.start(t, nil, replace...)
	return b
}

// newBalancerDir is a folder whose name is short enough for the path of a Unix socket.
func newBalancerDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "haproxy")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// start starts HAProxy, below the command in, with the template, and waits until all of its servers are known to be
// well.
func (b balancer) start(t *testing.T, in []string, replace ...string) {
	t.Helper()
	haproxy, env := program(t, "../sbin/haproxy"), libraries(t)
	const template = "../../deploy/haproxy/haproxy.cfg"
	if out, err := run(t, env, haproxy, "-c", "-f", template); err != nil || strings.Contains(out, "WARNING") {
		t.Fatalf("the template itself: %v\n%s", err, out)
	}
	replace = append(replace, "/run/haproxy/admin.sock", b.dir+"/admin.sock", "log /dev/log local0", "log stdout format raw local0",
		"maxconn 100000", "maxconn 1000") // a test has no more descriptors
	file := filepath.Join(b.dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(strings.NewReplacer(replace...).Replace(text(t, template))), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, env, append(in, haproxy, "-db", "-f", file)...)
	eventually(t, "a balancer with four servers", func() bool {
		stat := b.ask("show stat")
		return strings.Count(stat, ",L7OK,")+strings.Count(stat, ",L4OK,") == 4
	})
}

// libraries is the environment of an unpacked program.
func libraries(t *testing.T) []string {
	t.Helper()
	bin, err := filepath.Abs("../../bin/fleet/usr/lib")
	if err != nil {
		t.Fatal(err)
	}
	all, err := filepath.Glob(bin + "/*-linux-gnu")
	if err != nil || len(all) != 1 {
		t.Fatalf("libraries of what is unpacked: %v, %v", all, err)
	}
	return []string{"LD_LIBRARY_PATH=" + all[0]}
}

func run(t *testing.T, env []string, argv ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// ask is a command of the admin socket, and its answer; "" where there is none yet.
func (b balancer) ask(command string) string {
	c, err := net.Dial("unix", b.dir+"/admin.sock")
	if err != nil {
		return ""
	}
	defer func() { _ = c.Close() }()
	_, _ = fmt.Fprintln(c, command)
	var all strings.Builder
	_, _ = bufio.NewReader(c).WriteTo(&all)
	return all.String()
}

// lost is how many of n requests have no answer.
func (b balancer) lost(t *testing.T, n int) (lost int) {
	t.Helper()
	client := &http.Client{Timeout: 10 * time.Second}
	for range n {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+b.http+"/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(request)
		if err == nil {
			_ = answer.Body.Close()
		}
		if err != nil || answer.StatusCode != http.StatusOK {
			lost++
		}
	}
	return lost
}

// said is what a new connection through the balancer answers to a line, "" where it is not answered.
func (b balancer) said(line string) string {
	c, err := net.Dial("tcp", b.tcp)
	if err != nil {
		return ""
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = fmt.Fprintln(c, line)
	answer, _ := bufio.NewReader(c).ReadString('\n')
	return answer
}

func TestBehindTheBalancerADeadServerCostsNoRequest(t *testing.T) {
	b := newBalancer(t)
	if n := b.lost(t, 50); n > 0 {
		t.Errorf("%d of 50 requests are lost before anything has happened", n)
	}
	if got := b.said("hello"); got != "echo: hello\n" {
		t.Errorf("over TCP it says %q", got)
	}
	b.ask("set server web/a state drain")
	if stat := b.ask("show stat"); !strings.Contains(stat, ",DRAIN,") || b.lost(t, 10) > 0 {
		t.Errorf("while a server is drained: %s", stat)
	}
	b.ask("set server web/a state ready")
	for _, victim := range []string{"web/a", "line/a"} {
		if err := b.servers[victim].Process.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	died := time.Now()
	if n := b.lost(t, 50); n > 0 {
		t.Errorf("%d of 50 requests are lost when a server has died", n)
	}
	if got := b.said("hello"); got != "echo: hello\n" {
		t.Errorf("over TCP it says %q when a server has died", got)
	}
	eventually(t, "two servers that are known to be down", func() bool {
		return strings.Count(b.ask("show stat"), ",DOWN,") == 2
	})
	t.Logf("both were known to be down after %s", time.Since(died).Round(time.Millisecond))
}
