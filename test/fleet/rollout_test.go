package fleet

import (
	"encoding/json"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/tcptune/tcptune/test/container"
	"github.com/tcptune/tcptune/test/long"
)

// The key by which the lab tells profiles apart, and its values: the kernel's, of server and of classic.
const tellingKey = "/proc/sys/net/ipv4/tcp_fin_timeout"

func TestThePlaybookIsOneThatAnsibleUnderstands(t *testing.T) {
	p := newPlayground(t)
	p.run(t, "ansible-playbook", "--syntax-check", "-i", "localhost,", "tcptune.tcptune.rollout")
}

func TestTheCollectionIsAsAnsibleLintWantsIt(t *testing.T) {
	long.Only(t, "ansible-lint takes half a minute")
	if _, err := exec.LookPath("ansible-lint"); err != nil {
		t.Skipf("%v: make test-all installs it", err)
	}
	p := newPlayground(t)
	cmd := p.command(t, "ansible-lint", "--nocolor", "--offline", "--profile", "production")
	cmd.Dir = p.dir + "/ansible_collections/tcptune/tcptune"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// recap is what Ansible says of each host at the end: "changed", "failed" and so on.
func recap(t *testing.T, out string) map[string]map[string]string {
	t.Helper()
	hosts := map[string]map[string]string{}
	_, end, _ := strings.Cut(out, "PLAY RECAP")
	for line := range strings.Lines(end) {
		name, counts, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		host := map[string]string{}
		for _, m := range regexp.MustCompile(`(\w+)=(\d+)`).FindAllStringSubmatch(counts, -1) {
			host[m[1]] = m[2]
		}
		hosts[strings.TrimSpace(name)] = host
	}
	return hosts
}

func value(t *testing.T, m *container.Machine) string {
	t.Helper()
	return strings.TrimSpace(m.Must(t, "cat", tellingKey))
}

// values are those of all hosts.
func (l lab) values(t *testing.T) (all []string) {
	t.Helper()
	for _, m := range l.hosts {
		all = append(all, value(t, m))
	}
	return all
}

// accepted are the checks that a container of this lab does not pass by nature.
func accepted(t *testing.T, m *container.Machine) []string {
	t.Helper()
	var r struct {
		Checks []struct{ Name, Grade string }
	}
	if err := json.Unmarshal([]byte(m.Run(t, "tcptune", "check", "--json").Stdout), &r); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, c := range r.Checks {
		if c.Grade != "PASS" {
			names[c.Name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func TestARollOutGoesByStagesAndStopsAtABadHost(t *testing.T) {
	long.Only(t, "it boots four machines and runs Ansible five times")
	l := newLab(t, 4)
	known := accepted(t, l.hosts[0])
	same := func(when, want string) {
		t.Helper()
		if got := l.values(t); slices.ContainsFunc(got, func(v string) bool { return v != want }) {
			t.Errorf("%s: %v, want %s everywhere", when, got, want)
		}
	}
	play := func(when string, good bool, flags ...string) string {
		t.Helper()
		out, err := l.rollout(t, flags...).CombinedOutput()
		if (err == nil) != good {
			t.Fatalf("%s: %v\n%s", when, err, out)
		}
		return string(out)
	}
	kernel := value(t, l.hosts[0])

	l.declare(t, "server", "15m", known)
	foretold := play("check mode", true, "--check", "--diff")
	same("check mode", kernel)
	if !strings.Contains(foretold, "net.ipv4.tcp_fin_timeout = ") || strings.Contains(toText(t, recap(t, foretold)), `"changed":"0"`) {
		t.Errorf("check mode with --diff does not say what would change:\n%s", foretold)
	}
	first := play("the first run", true)
	server := value(t, l.hosts[0])
	if same("the first run", server); server == kernel {
		t.Fatalf("profile server leaves %s at %s: the test cannot tell", tellingKey, kernel)
	}
	if n := strings.Count(first, "TASK [Remember who is in the stage]"); n != 3 {
		t.Errorf("there were %d stages, want 3", n)
	}
	for host, counts := range recap(t, play("the second run", true)) {
		if counts["changed"] != "0" {
			t.Errorf("a second run changes %s: %v", host, counts)
		}
	}

	// The host of the second stage has a file that the check objects to. The canary has been confirmed by then; the bad host
	// goes back to the first profile, and the rest is never touched.
	bad := l.hosts[1]
	bad.Must(t, "sh", "-c", "echo net.ipv4.tcp_fin_timeuot=1 >/etc/sysctl.d/50-mistyped.conf")
	l.declare(t, "classic", "40s", known)
	stopped := play("a bad host", false)
	if counts := recap(t, stopped); counts["host1"]["failed"] != "1" || len(counts) != 2 {
		t.Errorf("it was not stopped at host1: %v\n%s", counts, stopped)
	}
	classic := value(t, l.hosts[0])
	if classic == server {
		t.Fatalf("profile classic leaves %s at %s: the test cannot tell", tellingKey, server)
	}
	eventually(t, "the way back of the bad host", func() bool { return value(t, bad) == server })
	if got, want := l.values(t), []string{classic, server, server, server}; !slices.Equal(got, want) {
		t.Errorf("after a bad host: %v, want %v", got, want)
	}
	if text := bad.Must(t, "cat", "/etc/tcptune/tcptune.yaml"); !strings.Contains(text, "profile: server") {
		t.Errorf("the bad host declares what it does not have: %s", text)
	}
	if code := bad.Run(t, "tcptune", "status").Code; code != 0 && code != 4 {
		t.Errorf("the bad host is not as it declares: tcptune status ends with %d", code)
	}

	// The control machine dies while a stage is watched.
	bad.Must(t, "rm", "/etc/sysctl.d/50-mistyped.conf")
	killed := l.rollout(t, "-e", "host_watch=60s")
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second stage", func() bool { return value(t, bad) == classic })
	if err := syscall.Kill(-killed.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = killed.Wait()
	eventually(t, "the way back without a control machine", func() bool { return value(t, bad) == server })
	if got, want := l.values(t), []string{classic, server, server, server}; !slices.Equal(got, want) {
		t.Errorf("after the death of the control machine: %v, want %v", got, want)
	}

	// An alert fires for the canary.
	l.declare(t, "server", "40s", known)
	url, asked := l.prometheus(t, `{"status": "success", "data": {"resultType": "vector", "result": [{"metric": {"alertname": "TcptuneDrift"}}]}}`)
	if out := play("an alert", false, "-e", "host_prometheus="+url); !strings.Contains(out, "TcptuneDrift speaks against") {
		t.Errorf("it was not stopped by the alert:\n%s", out)
	}
	if query := asked(); query != askedOf("host0(:[0-9]+)?") {
		t.Errorf("Prometheus was asked for %s", query)
	}
	eventually(t, "the way back of the canary", func() bool { return value(t, l.hosts[0]) == classic })
}
