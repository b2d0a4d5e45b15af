package container

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/test/guest"
)

// unit is the text of a service.
func unit(lines ...string) string { return "[Service]\n" + strings.Join(lines, "\n") + "\n" }

// portUnits hold ports in the ways in which services do. /usr/bin/jobs is testdata/jobs; /usr/bin/job is the same
// program under another name and so another executable, as the jobs of a supervisor are.
var portUnits = map[string]string{
	"/etc/systemd/system/steady.service": unit("ExecStart=/usr/bin/jobs listen 8080", "Restart=always",
		"RestartSec=100ms"),
	"/etc/systemd/system/web.socket":         "[Socket]\nListenStream=8081\n",
	"/etc/systemd/system/web.service":        unit("ExecStart=/usr/bin/jobs serve"),
	"/etc/systemd/system/pair.socket":        "[Socket]\nListenStream=8084\nListenStream=127.0.0.1:8085\n",
	"/etc/systemd/system/pair.service":       unit("ExecStart=/usr/bin/jobs serve"),
	"/etc/systemd/system/supervisor.service": unit("ExecStart=/usr/bin/jobs supervise no /usr/bin/job listen 8082 , /bin/sleep 1000"),
	"/etc/systemd/system/wrapped.service": unit("ExecStart=/bin/sh -c '/usr/bin/jobs listen 8086; true'", "Restart=always",
		"RestartSec=100ms"),
	"/etc/systemd/system/store.service": unit("Type=notify", "FileDescriptorStoreMax=4", "ExecStart=/usr/bin/jobs store 8091"),
	"/etc/systemd/system/slow.service":  unit("ExecStart=/usr/bin/jobs listen 8092", "ExecStop=/bin/sleep 6"),
	"/etc/systemd/system/base.service":  unit("ExecStart=/usr/bin/jobs listen 8087"),
	"/etc/systemd/system/needs.service": "[Unit]\nRequires=base.service\nAfter=base.service\n" +
		unit("ExecStart=/usr/bin/jobs listen 8088"),
	"/etc/systemd/system/part.service":     "[Unit]\nPartOf=base.service\n" + unit("ExecStart=/usr/bin/jobs listen 8089"),
	"/etc/systemd/system/below.service":    unit("ExecStart=/usr/bin/jobs listen 8090"),
	"/etc/systemd/system/cron.service":     "[Unit]\nBindsTo=below.service\nAfter=below.service\n" + unit("ExecStart=/bin/sleep 1000"),
	"/etc/systemd/system/upheld.service":   unit("ExecStart=/usr/bin/jobs listen 8093"),
	"/etc/systemd/system/upholds.service":  "[Unit]\nUpholds=upheld.service\n" + unit("ExecStart=/bin/sleep 1000"),
	"/etc/systemd/system/path.path":        "[Path]\nPathExists=/usr/bin/jobs\n",
	"/etc/systemd/system/path.service":     unit("ExecStart=/usr/bin/jobs listen 8094"),
	"/etc/systemd/system/timed.timer":      "[Timer]\nOnActiveSec=0\nOnUnitInactiveSec=1\nAccuracySec=1ms\n",
	"/etc/systemd/system/timed.service":    unit("ExecStart=/usr/bin/jobs listen 8095"),
	"/etc/systemd/system/stubborn.service": unit("ExecStart=/usr/bin/jobs supervise yes /usr/bin/job listen 8083"),
}

type portReport struct {
	Changes []struct{ Kind, Target, Status, Reason, Why string }
	Holders []struct {
		Target, Origin, Reason string
		Processes              []struct {
			Pid        int
			Name, Unit string
		}
	}
	Warnings []string
	Error    *struct{ Code, Message, Hint string }
}

// port runs "tcptune port ... --json".
func (m *Machine) port(t *testing.T, code int, args ...string) portReport {
	t.Helper()
	result := m.Run(t, append(append([]string{"tcptune", "port"}, args...), "--json")...)
	mustExit(t, code, result)
	return parsePort(t, result)
}

// portTakenAgain is port for a port that somebody takes again. On a busy machine that may come later than tcptune waits
// for it; then it is freed once more.
func (m *Machine) portTakenAgain(t *testing.T, port string, args ...string) portReport {
	t.Helper()
	argv := append([]string{"tcptune", "port", port, "--json"}, args...)
	result := m.Run(t, argv...)
	for try := 1; try < 3 && result.Code == 0; try++ {
		t.Logf("it came too late:\n%s", result.Stdout)
		mustExit(t, 0, m.Run(t, "tcptune", "port", port, "--wait", "held"))
		result = m.Run(t, argv...)
	}
	mustExit(t, 1, result)
	return parsePort(t, result)
}

func parsePort(t *testing.T, result guest.Result) (r portReport) {
	t.Helper()
	if err := json.Unmarshal([]byte(result.Stdout), &r); err != nil {
		t.Fatalf("%v\n%s", err, result.Stdout)
	}
	return r
}

func (m *Machine) isActive(t *testing.T, unit string) bool {
	t.Helper()
	return m.Run(t, "systemctl", "is-active", "--quiet", unit).Code == 0
}

func (m *Machine) startUnits(t *testing.T, holds string, units ...string) {
	t.Helper()
	m.Must(t, append([]string{"systemctl", "start"}, units...)...)
	mustExit(t, 0, m.Run(t, "tcptune", "port", holds, "--wait", "held"))
}

func TestPort(t *testing.T) {
	t.Parallel()
	m := newTuned(t)
	m.CopyIn(t, program(t, "jobs"), "/usr/bin/jobs")
	m.Must(t, "cp", "/usr/bin/jobs", "/usr/bin/job")
	for name, text := range portUnits {
		mustExit(t, 0, m.RunInput(t, strings.NewReader(text), "tee", name))
	}
	m.Must(t, "systemctl", "daemon-reload")

	t.Run("a service that would restart is stopped, and stays so", func(t *testing.T) {
		m.startUnits(t, "8080", "steady.service")
		mustExit(t, 0, m.Run(t, "tcptune", "port", "8080", "--kill"))
		// systemd has decided by then: else it would be "auto-restart", for RestartSec=.
		if got := m.Must(t, "systemctl", "show", "--property=SubState", "--value", "steady.service"); got != "dead\n" {
			t.Errorf("it is %q: it runs again, or will", got)
		}
		mustExit(t, 0, m.Run(t, "tcptune", "port", "8080", "--expect", "free"))
		mustExit(t, 0, m.Run(t, "tcptune", "port", "8080", "--kill")) // nothing to do
	})

	t.Run("a service that another one upholds would be started again, and is left alone", func(t *testing.T) {
		m.startUnits(t, "8093", "upholds.service")
		for _, dry := range []string{"--dry-run", "--no-force"} { // the latter is a run
			r := m.port(t, 4, "8093", "--kill", dry)
			if c := r.Changes[0]; c.Status != "refused" || !strings.HasSuffix(c.Reason, "stop that first, sudo systemctl stop upholds.service") {
				t.Errorf("%+v", r)
			}
		}
		if !m.isActive(t, "upheld.service") {
			t.Error("it was stopped")
		}
		m.Must(t, "systemctl", "stop", "upholds.service")
		mustExit(t, 0, m.Run(t, "tcptune", "port", "8093", "--kill"))
	})

	t.Run("only the process: systemd starts it again, which is said", func(t *testing.T) {
		m.startUnits(t, "8080", "steady.service")
		r := m.portTakenAgain(t, "8080", "--kill", "--pid-only")
		if e := r.Error; !strings.Contains(e.Message, "taken again by jobs") || e.Hint != "sudo systemctl stop steady.service" {
			t.Errorf("%+v", r)
		}
	})

	t.Run("without root nothing is hidden and nothing is touched", func(t *testing.T) {
		m.startUnits(t, "8080", "steady.service")
		nobody := []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "tcptune", "port", "8080"}
		seen := m.Run(t, nobody...)
		if !strings.Contains(seen.Stdout, "steady.service") ||
			!strings.Contains(seen.Stderr, "owner not visible: run sudo tcptune port 8080") {
			t.Errorf("%s%s", seen.Stdout, seen.Stderr)
		}
		mustExit(t, 77, m.Run(t, append(nobody, "--kill")...))
		if !m.isActive(t, "steady.service") {
			t.Error("it was stopped")
		}
		mustExit(t, 2, m.Run(t, append(nobody, "--expect", "free")...))
	})

	t.Run("a trail says why a unit is stopped, and what systemd has answered", func(t *testing.T) {
		m.startUnits(t, "8080", "steady.service")
		got := m.Run(t, "tcptune", "port", "8080", "--kill", "--debug")
		mustExit(t, 0, got)
		for _, want := range []string{
			"decides kind=unit target=steady.service ports=[tcp/8080] status=planned rule=\"process ",
			`asks whom=systemd what="to stop steady.service" answer=done took=`,
			`asks whom=systemd what="the state of steady.service" answer="loaded, inactive (dead)`,
			"binds port=tcp/8080 bound=true",
		} {
			if !strings.Contains(got.Stderr, want) {
				t.Errorf("the trail is without %q:\n%s", want, got.Stderr)
			}
		}
		m.startUnits(t, "8080", "steady.service")
	})

	t.Run("the control group names the owner", func(t *testing.T) {
		r := m.port(t, 0, "8080")
		if len(r.Holders) != 1 || len(r.Holders[0].Processes) != 1 || r.Holders[0].Processes[0].Unit != "steady.service" {
			t.Errorf("%+v", r)
		}
	})

	t.Run("behind PID 1 is a socket unit: it is stopped first, then its service", func(t *testing.T) {
		m.startUnits(t, "8081", "web.socket", "web.service")
		r := m.port(t, 0, "8081")
		if len(r.Holders) != 1 || len(r.Holders[0].Processes) != 2 {
			t.Errorf("%+v", r.Holders)
		}
		r = m.port(t, 0, "8081", "--kill")
		var got []string
		for _, c := range r.Changes {
			got = append(got, c.Kind+" "+c.Target+" "+c.Status)
		}
		if diff := cmp.Diff([]string{"unit web.socket applied", "unit web.service applied"}, got); diff != "" {
			t.Errorf("changes, wanted (-) and found (+):\n%s", diff)
		}
		if m.isActive(t, "web.socket") || m.isActive(t, "web.service") {
			t.Error("one of them runs")
		}
	})

	t.Run("what systemd keeps in the store of a service ends with the service", func(t *testing.T) {
		m.startUnits(t, "8091", "store.service")
		shown := m.Run(t, "tcptune", "port", "8091", "--kill", "--dry-run")
		if mustExit(t, 0, shown); !strings.Contains(shown.Stdout, "store.service  to be stopped") {
			t.Errorf("%s", shown.Stdout)
		}
		r := m.port(t, 0, "8091", "--kill")
		if len(r.Changes) != 1 || r.Changes[0].Target != "store.service" || !strings.Contains(r.Changes[0].Why, "file descriptor store") {
			t.Errorf("%+v", r.Changes)
		}
	})

	t.Run("an interrupt says what was told to stop, and waiting for it is shown", func(t *testing.T) {
		m.startUnits(t, "8092", "slow.service")
		got := m.Run(t, "env", "CLICOLOR_FORCE=1", "timeout", "--preserve-status", "-s", "INT", "3", "tcptune", "port", "8092", "--kill")
		mustExit(t, 1, got)
		if !strings.Contains(got.Stdout, "interrupted: whoever was told to stop it goes on with that") ||
			!strings.Contains(got.Stderr, "waiting for systemd to stop slow.service (2s)") {
			t.Errorf("%s%s", got.Stdout, got.Stderr)
		}
		mustExit(t, 0, m.Run(t, "tcptune", "port", "8092", "--kill"))
	})

	t.Run("the other ports of a socket unit are named before and after", func(t *testing.T) {
		m.startUnits(t, "8084", "pair.socket")
		shown := m.Run(t, "tcptune", "port", "8084", "--kill", "--dry-run")
		if mustExit(t, 0, shown); !strings.Contains(shown.Stdout, "also closes tcp/8085") {
			t.Errorf("%s", shown.Stdout)
		}
		r := m.port(t, 0, "8084", "--kill")
		if len(r.Changes) != 1 || r.Changes[0].Why != "holds tcp/8084; also closes tcp/8085" ||
			r.Changes[0].Status != "applied" {
			t.Errorf("%+v", r.Changes)
		}
	})

	t.Run("the job of a supervisor ends alone", func(t *testing.T) {
		m.startUnits(t, "8082", "supervisor.service")
		other := m.Must(t, "pgrep", "-x", "sleep")
		r := m.port(t, 0, "8082", "--kill")
		if len(r.Changes) != 1 || r.Changes[0].Kind != "signal" || r.Changes[0].Status != "applied" {
			t.Errorf("%+v", r.Changes)
		}
		if !m.isActive(t, "supervisor.service") || m.Must(t, "pgrep", "-x", "sleep") != other {
			t.Error("the supervisor or its other job has ended")
		}
	})

	t.Run("a job that comes again is named, with its supervisor", func(t *testing.T) {
		m.startUnits(t, "8083", "stubborn.service")
		r := m.portTakenAgain(t, "8083", "--kill")
		if e := r.Error; e.Code != "not-freed" || !strings.Contains(e.Message, "taken again by job (pid ") ||
			!strings.Contains(e.Message, "started by jobs (pid ") || e.Hint != "sudo systemctl stop stubborn.service" {
			t.Errorf("%+v", r)
		}
		mustExit(t, 0, m.Run(t, "tcptune", "port", "8083", "--kill", "--unit"))
	})

	t.Run("a unit whose main process is a wrapper is stopped, since it would start the holder again", func(t *testing.T) {
		m.startUnits(t, "8086", "wrapped.service")
		r := m.port(t, 0, "8086", "--kill")
		if len(r.Changes) != 1 || r.Changes[0].Kind != "unit" || m.isActive(t, "wrapped.service") {
			t.Errorf("%+v", r)
		}
	})

	t.Run("what would start a service again is stopped before it, or named", func(t *testing.T) {
		for port, units := range map[string][]string{"8094": {"path.path", "path.service"}, "8095": {"timed.timer", "timed.service"}} {
			m.startUnits(t, port, units[0])
			r := m.port(t, 1, port, "--kill", "--pid-only")
			if !strings.Contains(r.Error.Message, units[1]) || !strings.HasPrefix(r.Error.Hint, "sudo systemctl stop ") {
				t.Errorf("only its process: %+v", r)
			}
			mustExit(t, 0, m.Run(t, "tcptune", "port", port, "--wait", "held"))
			if r = m.port(t, 0, port, "--kill"); len(r.Changes) != 2 || r.Changes[0].Target != units[0] {
				t.Errorf("%+v", r)
			}
			if m.isActive(t, units[0]) || m.isActive(t, units[1]) {
				t.Errorf("%s is active", units)
			}
		}
	})

	t.Run("what systemd stops with a unit is named before and after", func(t *testing.T) {
		m.startUnits(t, "8087", "base.service", "needs.service", "part.service")
		mustExit(t, 0, m.Run(t, "tcptune", "port", "8088-8089", "--wait", "held"))
		shown := m.Run(t, "tcptune", "port", "8087", "--kill", "--dry-run")
		done := m.Run(t, "tcptune", "port", "8087", "--kill")
		for _, got := range []guest.Result{shown, done} {
			mustExit(t, 0, got)
			for _, want := range []string{"also closes tcp/8088, tcp/8089", "also stops needs.service, part.service"} {
				if !strings.Contains(got.Stdout, want) {
					t.Errorf("it does not say %q:\n%s", want, got.Stdout)
				}
			}
		}
		if m.isActive(t, "needs.service") || m.isActive(t, "part.service") {
			t.Error("they run")
		}
	})

	t.Run("where a guarded unit would be stopped with it, nothing is", func(t *testing.T) {
		m.startUnits(t, "8090", "below.service", "cron.service")
		r := m.port(t, 4, "8090", "--kill")
		if len(r.Changes) != 1 || r.Changes[0].Status != "refused" || !strings.Contains(r.Changes[0].Reason, "would stop cron.service") ||
			!m.isActive(t, "below.service") || !m.isActive(t, "cron.service") {
			t.Errorf("%+v", r)
		}
	})
}

func TestTheWayInIsNotClosed(t *testing.T) {
	t.Parallel()
	m := Boot(t, Options{Release: "24.04", Packages: []string{"openssh-server"}})
	m.CopyIn(t, program(t, "tcptune"), "/usr/bin/tcptune")
	for _, unit := range []string{"ssh.service", "ssh.socket"} {
		m.Run(t, "systemctl", "stop", "ssh.service", "ssh.socket")
		m.startUnits(t, "22", unit)
		r := m.port(t, 4, "22", "--kill")
		for _, c := range r.Changes {
			if c.Status != "refused" || !strings.Contains(c.Reason, "may carry this login") {
				t.Errorf("%s: %+v", unit, c)
			}
		}
		if !m.isActive(t, unit) {
			t.Errorf("%s was stopped", unit)
		}
	}
}
