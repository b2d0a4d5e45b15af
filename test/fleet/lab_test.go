package fleet

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tcptune/tcptune/test/container"
)

// lab is a control machine with Ansible, and hosts that it reaches by ssh: booted systemds with network namespaces of their
// own, each at the end of a cable from that of the control machine.
type lab struct {
	playground
	control string // the PID of a process in the network of the control machine
	hosts   []*container.Machine
}

// address is that of the host i, and of the control machine's end of its cable.
func address(i int) (host, control string) {
	return fmt.Sprintf("192.0.2.%d", 4*i+2), fmt.Sprintf("192.0.2.%d", 4*i+1)
}

func newLab(t *testing.T, hosts int) lab {
	t.Helper()
	l := lab{playground: newPlayground(t)}
	l.run(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", l.dir+"/key")
	l.control = newNetwork(t)
	var inventory strings.Builder
	for i := range hosts {
		m := container.Boot(t, container.Options{Release: "24.04", Packages: []string{"openssh-server", "python3"}, Files: map[string]string{
			"/root/.ssh/authorized_keys": text(t, l.dir+"/key.pub"),
		}})
		m.CopyIn(t, "../../bin/tcptune", "/usr/bin/tcptune")
		m.Must(t, "chmod", "-R", "go-rwx", "/root")
		cable(t, l.control, i, m)
		host, _ := address(i)
		fmt.Fprintf(&inventory, "host%d ansible_host=%s\n", i, host)
		l.hosts = append(l.hosts, m)
	}
	inventory.WriteString("[all:vars]\nansible_user=root\nansible_python_interpreter=/usr/bin/python3\nansible_ssh_private_key_file=" + l.dir + "/key\n" +
		"ansible_ssh_common_args=-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=10\n")
	if err := os.WriteFile(l.dir+"/hosts", []byte(inventory.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return l
}

// newNetwork is the PID of a process in a network namespace of its own, which ends with the test.
func newNetwork(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a network namespace wants root")
	}
	keeper := exec.CommandContext(t.Context(), "unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec cat")
	in, err := keeper.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := keeper.StdoutPipe()
	if err == nil {
		err = keeper.Start()
	}
	if err == nil {
		_, err = out.Read(make([]byte, 3)) // it has its namespace when it speaks
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = keeper.Wait() })
	return strconv.Itoa(keeper.Process.Pid)
}

// cable connects host i with the network.
func cable(t *testing.T, network string, i int, m *container.Machine) {
	t.Helper()
	host, control := address(i)
	port := fmt.Sprintf("host%d", i)
	for _, words := range []string{
		"link add " + port + " type veth peer name eth0 netns " + strconv.Itoa(m.Pid()),
		"address add " + control + "/30 dev " + port, "link set " + port + " up",
	} {
		if out, err := run(t, nil, append([]string{"nsenter", "-t", network, "-n", "ip"}, strings.Fields(words)...)...); err != nil {
			t.Fatalf("ip %s: %v\n%s", words, err, out)
		}
	}
	m.Must(t, "ip", "address", "add", host+"/30", "dev", "eth0")
	m.Must(t, "ip", "link", "set", "eth0", "up")
}

// rollout is a run of the playbook, with variables over those that suit a lab.
func (l lab) rollout(t *testing.T, flags ...string) *exec.Cmd {
	t.Helper()
	argv := append([]string{
		"nsenter", "-t", l.control, "-n", "ansible-playbook", "tcptune.tcptune.rollout", "-i", l.dir + "/hosts", "-e", "@" + l.dir + "/vars.json",
	}, flags...)
	cmd := l.command(t, argv...)
	cmd.Env = append(cmd.Env, "ANSIBLE_SSH_CONTROL_PATH_DIR="+l.dir+"/cp", "ANSIBLE_REMOTE_TEMP=/root/.ansible")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// declare is what all hosts are to be like.
func (l lab) declare(t *testing.T, profile, confirm string, accepted []string) {
	t.Helper()
	vars := toText(t, map[string]any{
		"host_declared": map[string]any{"tuning": map[string]any{"profile": profile}}, "host_package": "", "host_confirm": confirm,
		"host_watch": "1s", "host_accepted_checks": accepted, "rollout_stages": []any{1, "25%", "100%"},
	})
	if err := os.WriteFile(filepath.Join(l.dir, "vars.json"), []byte(vars), 0o600); err != nil {
		t.Fatal(err)
	}
}

// prometheus answers every question in the network of the control machine with answer. asked is the last question.
func (l lab) prometheus(t *testing.T, answer string) (url string, asked func() string) {
	t.Helper()
	var last atomic.Value
	last.Store("")
	type listening struct {
		net.Listener
		err error
	}
	done := make(chan listening)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with it, and no other goroutine gets its network
		f, err := os.Open("/proc/" + l.control + "/ns/net")
		if err == nil {
			err = unix.Setns(int(f.Fd()), unix.CLONE_NEWNET)
		}
		var at net.Listener
		if err == nil {
			at, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		}
		done <- listening{at, err}
	}()
	at := <-done
	if at.err != nil {
		t.Fatal(at.err)
	}
	page := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last.Store(r.URL.Query().Get("query"))
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answer)
	}))
	_ = page.Listener.Close()
	page.Listener = at.Listener
	page.Start()
	t.Cleanup(page.Close)
	return "http://" + at.Addr().String(), func() string { s, _ := last.Load().(string); return s }
}

// eventually waits until yes is true.
func eventually(t *testing.T, what string, yes func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for !yes() {
		select {
		case <-ctx.Done():
			t.Fatalf("%s has not come about in two minutes", what)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
