package container

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const bundled = "tcptune-server"

func TestService(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	clean := m.tree(t)

	t.Run("without --now it is enabled and not started", func(t *testing.T) {
		m.service(t, 0, "install")
		if got := m.Must(t, "systemctl", "is-enabled", bundled+".socket",
			bundled+"-admin.socket"); got != "enabled\nenabled\n" {
			t.Errorf("is-enabled: %q", got)
		}
		if m.isActive(t, bundled+".socket") {
			t.Error("it is started")
		}
		m.service(t, 3, "status")
	})
	t.Run("with --now it is started, and answers", func(t *testing.T) {
		r := m.Run(t, "tcptune", "service", "install", "--now")
		mustExit(t, 0, r)
		if !strings.Contains(r.Stdout, "tcptune-server answers on 127.0.0.1:8080") {
			t.Errorf("%s", r.Stdout)
		}
		if got := m.say(t, "8080", "hello"); got != "hello" {
			t.Errorf("it answers %q", got)
		}
	})
	t.Run("a second time there is nothing to do", func(t *testing.T) {
		for range 2 {
			if r := m.service(t, 0, "install", "--now"); r.Changed ||
				slices.ContainsFunc(r.Changes, func(c struct{ Kind, Target, Status, Reason string }) bool { return c.Status != "unchanged" }) {
				t.Errorf("%+v", r.Changes)
			}
		}
	})
	t.Run("status needs no root and tells", func(t *testing.T) {
		r := m.service(t, 0, "status")
		if len(r.Service) != 1 || r.Service[0].State != "active" || r.Service[0].Pid == 0 || r.Service[0].Server == nil ||
			r.Service[0].Server.Accepted == 0 || r.Service[0].Memory == 0 || r.Service[0].Exposure == nil {
			t.Fatalf("%+v", r)
		}
		if *r.Service[0].Exposure > 0.3 {
			t.Errorf("exposure %v", *r.Service[0].Exposure)
		}
		nobody := []string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}
		mustExit(t, 0, m.Run(t, append(nobody, "tcptune", "service", "status")...))
		if r := m.Run(t, append(nobody, "tcptune", "service", "install", "--now", "--dry-run")...); r.Code != 0 ||
			r.Stderr != "" {
			t.Errorf("%s%s", r.Stdout, r.Stderr)
		}
		mustExit(t, 4, m.Run(t, append(nobody, "tcptune", "service", "status", "nosuch")...))
		mustExit(t, 77, m.Run(t, append(nobody, "tcptune", "service", "uninstall")...))
	})
	t.Run("restart replaces the process, overlap too", func(t *testing.T) {
		for _, flag := range [][]string{nil, {"--overlap"}} {
			before := m.service(t, 0, "status").Service[0].Pid
			m.service(t, 0, append([]string{"restart"}, flag...)...)
			if after := m.service(t, 0, "status").Service[0].Pid; after == before || after == 0 {
				t.Errorf("%v: pid %d, before %d", flag, after, before)
			}
			if m.isActive(t, bundled+"-twin.service") {
				t.Errorf("%v: the twin is left", flag)
			}
		}
	})
	t.Run("a twin that was left is tidied up", func(t *testing.T) {
		m.Must(t, "systemctl", "start", bundled+"-twin.service")
		m.service(t, 0, "restart")
		if m.isActive(t, bundled+"-twin.service") {
			t.Error("the twin is left")
		}
	})
	t.Run("limits are reloaded, the protocol restarts, the port reopens the socket", func(t *testing.T) {
		for _, tc := range []struct {
			args []string
			want string
		}{
			{[]string{"--max-conns", "100"}, "tcptune-server.service"},
			{[]string{"--max-conns", "100", "--protocol", "line"}, "tcptune-server.service"},
			{[]string{"--max-conns", "100", "--protocol", "line", "--listen", "9000"}, "tcptune-server.socket"},
		} {
			pid := m.service(t, 0, "status").Service[0].Pid
			r := m.service(t, 0, append([]string{"install"}, tc.args...)...)
			var units []string
			for _, c := range r.Changes {
				if c.Kind == "unit" {
					units = append(units, c.Target)
				}
			}
			if fmt.Sprint(units) != "["+tc.want+"]" {
				t.Errorf("%v: %v", tc.args, units)
			}
			if now := m.service(t, 0, "status").Service[0].Pid; (now == pid) != (len(tc.args) == 2) {
				t.Errorf("%v: pid %d, before %d", tc.args, now, pid)
			}
		}
		if got := m.say(t, "9000", "hello\n"); got != "echo: hello\n" {
			t.Errorf("it answers %q", got)
		}
		mustExit(t, 0, m.Run(t, "tcptune", "port", "8080", "--expect", "free"))
	})
	t.Run("revert leaves it", func(t *testing.T) {
		r := m.Run(t, "tcptune", "revert")
		mustExit(t, 0, r)
		if !strings.Contains(r.Stderr, "sudo tcptune service uninstall tcptune-server") || !m.isActive(t, bundled+".socket") {
			t.Errorf("%s%s", r.Stdout, r.Stderr)
		}
	})
	t.Run("logs are those of its units", func(t *testing.T) {
		r := m.Run(t, "tcptune", "service", "logs", "-n", "200")
		if mustExit(t, 0, r); !strings.Contains(r.Stdout, "tcptune-server") {
			t.Errorf("%s", r.Stdout)
		}
	})
	t.Run("logs of another unit are not shown", func(t *testing.T) {
		for _, name := range []string{"*", "nosuch"} {
			r := m.Run(t, "tcptune", "service", "logs", name)
			if mustExit(t, 1, r); r.Stdout != "" || !strings.Contains(r.Stderr, "cannot find the service "+name) {
				t.Errorf("%s%s", r.Stdout, r.Stderr)
			}
		}
	})
	t.Run("uninstall leaves nothing behind", func(t *testing.T) {
		m.service(t, 0, "uninstall")
		m.sameTree(t, clean)
		if got := m.units(t, bundled); got != "" {
			t.Errorf("systemd still knows %s", got)
		}
		mustExit(t, 0, m.Run(t, "tcptune", "port", "9000", "--expect", "free"))
		if r := m.service(t, 0, "uninstall"); r.Changed {
			t.Errorf("%+v", r)
		}
		m.service(t, 4, "status")
	})
}

func TestServiceThatDoesNotAnswerIsTakenBack(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	m.Must(t, "cp", "/usr/bin/jobs", "/usr/bin/mute")
	m.Must(t, "cp", "/bin/false", "/usr/bin/failing")
	clean := m.tree(t)
	for name, args := range map[string][]string{
		"it closes the connection":            {"--program", "/usr/bin/mute"},
		"it does not start":                   {"--program", "/usr/bin/failing"},
		"a program of the user that ends":     {"--exec", "/usr/bin/failing", "--listen", "8080"},
		"a program of the user, unknown user": {"--exec", "/usr/bin/jobs", "--user", "nosuchuser", "--", "serve"},
	} {
		t.Run(name, func(t *testing.T) {
			r := m.service(t, 1, append([]string{"install", "--now"}, args...)...)
			if r.Error == nil || r.Error.Code != "rolled-back" || r.Changed {
				t.Errorf("%+v", r)
			}
			if !slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.HasPrefix(w, "journal: ") }) {
				t.Errorf("the journal is not shown: %q", r.Warnings)
			}
			m.sameTree(t, clean)
			mustExit(t, 0, m.Run(t, "tcptune", "port", "8080", "--expect", "free"))
			if m.isActive(t, bundled+".service") || m.isActive(t, "failing.service") {
				t.Error("it still runs")
			}
		})
	}
	// The restart of a service that fails opens its socket again: here in one of three cases after that was stopped.
	t.Run("its restarts do not keep its socket", func(t *testing.T) {
		const dropIn = "/etc/systemd/system/" + bundled + ".service.d"
		m.Must(t, "mkdir", "-p", dropIn)
		mustExit(t, 0, m.RunInput(t, strings.NewReader("[Service]\nRestartSec=1ms\n"), "tee", dropIn+"/10-quick.conf"))
		for range 10 {
			m.service(t, 1, "install", "--now", "--program", "/usr/bin/failing")
			if state := strings.TrimSpace(m.Run(t, "systemctl", "is-active", bundled+".socket").Stdout); state != "inactive" {
				t.Errorf("the socket is %s after it was rolled back", state)
			}
		}
		m.Must(t, "rm", "-r", dropIn)
	})
	t.Run("a change that does not work leaves what worked", func(t *testing.T) {
		m.service(t, 0, "install", "--now")
		before := m.tree(t)
		r := m.service(t, 1, "install", "--now", "--program", "/usr/bin/failing", "--listen", "9000")
		if r.Error == nil || r.Error.Code != "rolled-back" {
			t.Errorf("%+v", r)
		}
		m.sameTree(t, before)
		if got := m.say(t, "8080", "hello"); got != "hello" {
			t.Errorf("it answers %q", got)
		}
	})
}

func TestServiceRespectsWhatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	t.Run("a port that is held is named, and freed when asked", func(t *testing.T) {
		mustExit(t, 0, m.RunInput(t, strings.NewReader(unit("ExecStart=/usr/bin/jobs listen 8080")), "tee",
			"/etc/systemd/system/steady.service"))
		m.Must(t, "systemctl", "daemon-reload")
		m.startUnits(t, "8080", "steady.service")
		r := m.service(t, 1, "install", "--now")
		if r.Error == nil || r.Error.Code != "port-held" || !strings.Contains(r.Error.Message, "steady.service") ||
			r.Changed {
			t.Errorf("%+v", r)
		}
		mustExit(t, 1, m.Run(t, "test", "-e", "/etc/systemd/system/tcptune-server.socket"))
		m.service(t, 0, "install", "--now", "--free-port")
		if m.isActive(t, "steady.service") {
			t.Error("steady.service runs")
		}
		m.service(t, 0, "uninstall")
	})
	t.Run("the counters of another service are not shown as its own", func(t *testing.T) {
		m.service(t, 0, "install", "--now")
		r := m.service(t, 0, "install", "--name", "second", "--listen", "9000")
		if !slices.ContainsFunc(r.Warnings,
			func(w string) bool { return strings.Contains(w, "port 9180 is that of the service tcptune-server") }) {
			t.Errorf("that both have the same admin port is not said: %q", r.Warnings)
		}
		m.Must(t, "systemctl", "start", "second.socket", "second.service")
		s := m.service(t, 0, "status", "second").Service[0]
		if s.Server != nil || !strings.Contains(s.Reason, "second-admin.socket is inactive") {
			t.Errorf("counters %+v, %s", s.Server, s.Reason)
		}
		if text := m.Must(t, "tcptune", "service", "status", "second"); strings.Contains(text, "changed by") {
			t.Errorf("there is no drop-in:\n%s", text)
		}
		m.Must(t, "systemctl", "stop", "second.socket", "second.service")
		if s := m.service(t, 3, "status", "second").Service[0]; s.Says != "" {
			t.Errorf("it does not run, and says %q", s.Says)
		}
		m.service(t, 0, "uninstall", "second")
		m.service(t, 0, "uninstall")
	})
	t.Run("a unit of somebody else is not replaced", func(t *testing.T) {
		mustExit(t, 0, m.RunInput(t, strings.NewReader(unit("ExecStart=/bin/true")), "tee",
			"/etc/systemd/system/mine.service"))
		before := m.tree(t)
		r := m.service(t, 1, "install", "--exec", "/usr/bin/jobs", "--name", "mine", "--listen", "9000", "--", "serve")
		if r.Error == nil || r.Error.Code != "foreign-file" {
			t.Errorf("%+v", r)
		}
		r = m.service(t, 1, "install", "--exec", "/usr/bin/jobs", "--name", "getty-static", "--listen", "9000", "--", "serve")
		if r.Error == nil || r.Error.Code != "name-taken" {
			t.Errorf("%+v", r)
		}
		m.sameTree(t, before)
	})
	t.Run("a unit that was edited is kept, and so are drop-ins", func(t *testing.T) {
		m.service(t, 0, "install", "--now")
		m.Must(t, "sh", "-c", "echo '# by hand' >>/etc/systemd/system/tcptune-server.service")
		m.Must(t, "mkdir", "/etc/systemd/system/tcptune-server.socket.d")
		if r := m.service(t, 1, "install", "--protocol", "line"); r.Error == nil || r.Error.Code != "edited-file" {
			t.Errorf("%+v", r)
		}
		r := m.service(t, 4, "uninstall")
		var kept []string
		for _, c := range r.Changes {
			if c.Status == "kept" {
				kept = append(kept, c.Target)
			}
		}
		if fmt.Sprint(kept) != "[/etc/systemd/system/tcptune-server.service]" {
			t.Errorf("kept %v", kept)
		}
		if !slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.Contains(w, "tcptune-server.socket.d") }) {
			t.Errorf("the drop-ins are not named: %q", r.Warnings)
		}
		m.Must(t, "grep", "by hand", "/etc/systemd/system/tcptune-server.service")
		if m.isActive(t, bundled+".service") || m.isActive(t, bundled+".socket") {
			t.Error("it runs")
		}
	})
}

func TestOwnProgramBecomesAService(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	clean := m.tree(t)
	r := m.Run(t, "tcptune", "service", "install", "--now", "--exec", "/usr/bin/jobs", "--name", "mine", "--listen",
		"9000", "--", "serve")
	mustExit(t, 0, r)
	if got := m.say(t, "9000", ""); got != "here\n" {
		t.Errorf("it answers %q", got)
	}
	m.service(t, 0, "status", "mine")
	opened := func() string {
		return m.Must(t, "systemctl", "show", "--property=ActiveEnterTimestampMonotonic", "mine.socket")
	}
	before := opened()
	m.service(t, 0, "install", "--now", "--exec", "/usr/bin/jobs", "--name", "mine", "--listen", "9000", "--listen", "9001", "--", "serve")
	if opened() != before {
		t.Error("the socket of the first address was closed for another one")
	}
	if got := m.Must(t, "sh", "-c", "tr '\\0' '\\n' </proc/$(systemctl show -P MainPID mine.service)/environ"); !strings.Contains(got, "LISTEN_FDNAMES=mine.socket:mine-9001.socket\n") &&
		!strings.Contains(got, "LISTEN_FDNAMES=mine-9001.socket:mine.socket\n") {
		t.Errorf("the program cannot tell its sockets apart: %s", got)
	}
	if s := m.service(t, 0, "status", "mine").Service[0]; fmt.Sprint(s.Listen) != "[[::]:9000 [::]:9001]" {
		t.Errorf("it listens on %v", s.Listen)
	}
	m.service(t, 0, "install", "--now", "--exec", "/usr/bin/jobs", "--name", "mine", "--listen", "9000", "--", "serve")
	mustExit(t, 0, m.Run(t, "tcptune", "port", "9001", "--expect", "free"))
	if opened() != before {
		t.Error("the socket of the first address was closed for another one")
	}
	m.service(t, 0, "restart", "mine")
	if got := m.say(t, "9000", ""); got != "here\n" {
		t.Errorf("it answers %q", got)
	}
	m.service(t, 1, "restart", "mine", "--overlap")
	m.service(t, 0, "uninstall", "mine")
	m.sameTree(t, clean)
}
