package container

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// declare puts a tcptune.yaml on the machine.
func (m *Machine) declare(t *testing.T, text string) {
	t.Helper()
	m.Must(t, "mkdir", "-p", "/etc/tcptune")
	mustExit(t, 0, m.RunInput(t, strings.NewReader(text), "tee", "/etc/tcptune/tcptune.yaml"))
}

// tuning runs "tcptune VERB --json".
func (m *Machine) tuning(t *testing.T, code int, args ...string) (r serviceReport) {
	t.Helper()
	result := m.Run(t, append([]string{"tcptune", args[0], "--json"}, args[1:]...)...)
	mustExit(t, code, result)
	if err := json.Unmarshal([]byte(result.Stdout), &r); err != nil {
		t.Fatalf("%v\n%s", err, result.Stdout)
	}
	return r
}

const web = "server:\n  name: web\n  listen: [8080]\n  protocol: line\n"

// tuned is the key by which the tests see whether the tuning was applied: profile server lowers its 60.
func (m *Machine) tuned(t *testing.T) bool {
	t.Helper()
	return m.Must(t, "sysctl", "-n", finTimeout) != "60\n"
}

func TestADeclaredServerIsPartOfTheApply(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	m.Must(t, "cp", "/bin/false", "/usr/bin/failing")
	m.declare(t, web)
	clean := m.tree(t)

	t.Run("drift, then a dry run, then all of it, and nothing the second time", func(t *testing.T) {
		if r := m.tuning(t, 2, "status"); !slices.ContainsFunc(r.Warnings, func(w string) bool {
			return strings.HasPrefix(w, "service web is declared, and not as declared: ")
		}) {
			t.Errorf("status says %q", r.Warnings)
		}
		m.tuning(t, 2, "apply", "--dry-run")
		m.sameTree(t, clean)
		r := m.Run(t, "tcptune", "apply")
		mustIn(t, []int{0, 4}, r.Code)
		if !strings.Contains(r.Stdout, "web answers on 127.0.0.1:8080") || !m.tuned(t) {
			t.Errorf("%s", r.Stdout)
		}
		if got := m.say(t, "8080", "hello\n"); got != "echo: hello\n" {
			t.Errorf("it answers %q", got)
		}
		applied := m.tree(t)
		if again := m.tuning(t, r.Code, "apply"); again.Changed {
			t.Errorf("a second time: %+v", again.Changes)
		}
		m.tuning(t, r.Code, "status")
		m.sameTree(t, applied)
	})
	t.Run("one that is stopped or fails is drift", func(t *testing.T) {
		m.Must(t, "systemctl", "stop", "web.socket", "web.service")
		m.tuning(t, 2, "status")
		if r := m.tuning(t, 2, "plan"); !slices.ContainsFunc(r.Changes, func(c struct{ Kind, Target, Status, Reason string }) bool {
			return c.Target == "web.socket" && c.Status == "planned"
		}) {
			t.Errorf("%+v", r.Changes)
		}
		mustIn(t, []int{0, 4}, m.Run(t, "tcptune", "apply").Code)
		if got := m.say(t, "8080", "hello\n"); got != "echo: hello\n" {
			t.Errorf("it answers %q", got)
		}
	})
	t.Run("revert takes back both", func(t *testing.T) {
		mustExit(t, 2, m.Run(t, "tcptune", "revert", "--dry-run"))
		mustExit(t, 0, m.Run(t, "tcptune", "revert"))
		if m.tuned(t) || m.units(t, "web") != "" {
			t.Errorf("tuned is %v, systemd knows %s", m.tuned(t), m.units(t, "web"))
		}
		m.sameTree(t, clean)
	})
	t.Run("a server that does not come up takes the tuning with it", func(t *testing.T) {
		m.declare(t, web+"  program: /usr/bin/failing\n")
		r := m.tuning(t, 1, "apply")
		if r.Error == nil || r.Error.Code != "check-failed" && r.Error.Code != "rolled-back" || r.Changed {
			t.Errorf("%+v", r.Error)
		}
		m.declare(t, "server:\n  name: mine\n  listen: [8080]\n  exec: [/usr/bin/failing]\n")
		before := m.tree(t)
		r = m.tuning(t, 1, "apply")
		if r.Error == nil || r.Error.Code != "rolled-back" || r.Changed {
			t.Errorf("%+v", r.Error)
		}
		if !slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.HasPrefix(w, "journal: ") }) {
			t.Errorf("the journal is not shown: %q", r.Warnings)
		}
		m.sameTree(t, before)
		if m.tuned(t) {
			t.Error("the tuning stays")
		}
	})
	t.Run("tuning that fails leaves no server", func(t *testing.T) {
		m.declare(t, web)
		before := m.tree(t)
		m.Must(t, "mount", "--bind", "-o", "ro", "/etc/sysctl.d", "/etc/sysctl.d")
		r := m.tuning(t, 1, "apply")
		m.Must(t, "umount", "/etc/sysctl.d")
		if r.Error == nil || r.Changed || m.units(t, "web") != "" || m.tuned(t) {
			t.Errorf("%+v, systemd knows %q", r.Error, m.units(t, "web"))
		}
		m.sameTree(t, before)
	})
	t.Run("a port that is held stops all of it", func(t *testing.T) {
		mustExit(t, 0, m.RunInput(t, strings.NewReader(unit("ExecStart=/usr/bin/jobs listen 8080")), "tee", "/etc/systemd/system/steady.service"))
		m.Must(t, "systemctl", "daemon-reload")
		m.startUnits(t, "8080", "steady.service")
		if r := m.tuning(t, 1, "apply"); r.Error == nil || r.Error.Code != "port-held" || m.tuned(t) {
			t.Errorf("%+v", r.Error)
		}
	})
}

func mustIn(t *testing.T, codes []int, code int) {
	t.Helper()
	if !slices.Contains(codes, code) {
		t.Fatalf("exit %d, want one of %v", code, codes)
	}
}

// Killed at any moment, an apply leaves the host as it was or as wanted, and the next command makes it whole.
func TestAKilledApplyOfADeclaredServerIsRepairedByTheNext(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	m.declare(t, web)
	clean := m.tree(t)
	apply, revert := []string{"tcptune", "apply"}, []string{"tcptune", "revert"}
	took := m.timedAs(t, []int{0, 4}, apply...)
	applied := m.tree(t)
	tookBack := m.timed(t, revert...)
	m.sameTree(t, clean)

	hit := m.killSpread(t, took, apply, func(moment time.Duration) {
		mustExit(t, 0, m.Run(t, revert...))
		m.sameTree(t, clean)
		if got := m.units(t, "web"); got != "" || m.tuned(t) {
			t.Errorf("killed after %s, systemd knows %s, tuned is %v", moment, got, m.tuned(t))
		}
	})
	t.Logf("apply was hit %d of %d times", hit, killPoints())
	if hit == 0 {
		t.Error("it was never hit")
	}
	mustIn(t, []int{0, 4}, m.Run(t, apply...).Code)
	hit = m.killSpread(t, tookBack, revert, func(moment time.Duration) {
		mustIn(t, []int{0, 4}, m.Run(t, apply...).Code)
		m.sameTree(t, applied)
		if got := m.say(t, "8080", "hello\n"); got != "echo: hello\n" || !m.tuned(t) {
			t.Errorf("killed after %s, it answers %q, tuned is %v", moment, got, m.tuned(t))
		}
	})
	t.Logf("revert was hit %d of %d times", hit, killPoints())
}
