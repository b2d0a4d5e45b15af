package container

import (
	"strings"
	"testing"
)

// A drop-in may change the address: what is proven and shown is what the unit really listens on.
func TestAnAddressOfADropInIsWhatIsProven(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	m.service(t, 0, "install", "--now")
	m.dropIn(t, "tcptune-server.socket", "[Socket]\nListenStream=\nListenStream=127.0.0.1:9000\n")
	s := m.service(t, 3, "status").Service[0] // systemd has read it, and has not opened it
	if s.State != "inactive" || !strings.Contains(s.Reason, "nothing listens on 127.0.0.1:9000") {
		t.Errorf("%+v", s)
	}
	r := m.Run(t, "tcptune", "service", "restart")
	_, hint, _ := strings.Cut(r.Stderr, "hint: run: ")
	if r.Code != 1 || !strings.Contains(s.Reason, strings.TrimSpace(hint)) {
		t.Errorf("%d: %s%s", r.Code, r.Stdout, r.Stderr)
	}
	m.Must(t, "sh", "-ec", strings.ReplaceAll(hint, "sudo ", "")) // as it is printed, while the service runs
	r = m.Run(t, "tcptune", "service", "restart")
	if r.Code != 0 || !strings.Contains(r.Stdout, "answers on 127.0.0.1:9000; a drop-in has it listen on 127.0.0.1:9000, and not on [::]:8080") {
		t.Errorf("%d: %s%s", r.Code, r.Stdout, r.Stderr)
	}
	s = m.service(t, 0, "status").Service[0]
	if !strings.Contains(s.Reason, "a drop-in has it listen on 127.0.0.1:9000, and not on [::]:8080") {
		t.Errorf("%+v", s)
	}
}

// A socket that listens is half of a service: what systemd cannot start, and what is open in its books only, is not
// active.
func TestWhatCannotServeIsNotActive(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	wants := func(name, state, says string) {
		t.Helper()
		code := 3
		if state == "active" {
			code = 0
		}
		if s := m.service(t, code, "status", name).Service[0]; s.State != state || !strings.Contains(s.Reason, says) {
			t.Errorf("%s: want %s and %q: %+v", name, state, says, s)
		}
	}
	install := func(name, listen string, args ...string) {
		t.Helper()
		args = append([]string{"install", "--exec", "/usr/local/bin/" + name, "--name", name, "--listen", listen}, args...)
		m.service(t, 0, args...)
		m.Must(t, "systemctl", "start", name+".socket")
	}
	for _, name := range []string{"gone", "masked", "empty", "cond"} {
		m.Must(t, "install", "-D", "/usr/bin/jobs", "/usr/local/bin/"+name)
	}
	t.Run("a service that cannot be started", func(t *testing.T) {
		install("gone", "9001", "--", "serve")
		wants("gone", "active", "")
		m.Must(t, "rm", "/usr/local/bin/gone")
		wants("gone", "failed", "there is no /usr/local/bin/gone")
		install("empty", "9002", "--", "serve")
		m.dropIn(t, "empty.service", "[Service]\nExecStart=\n")
		wants("empty", "failed", "systemd-analyze verify empty.service")
		install("masked", "9003", "--", "serve")
		m.Must(t, "ln", "-sf", "/dev/null", "/etc/systemd/system/masked.service")
		m.Must(t, "systemctl", "daemon-reload")
		wants("masked", "failed", "sudo systemctl unmask masked.service")
	})
	t.Run("a condition that is not met, while a client waits", func(t *testing.T) {
		r := m.Run(t, "tcptune", "service", "install", "--exec", "/usr/local/bin/cond", "--listen", "9004", "--now",
			"-p", "ConditionPathExists=/etc/nope", "--", "serve")
		if r.Code != 1 || !strings.Contains(r.Stderr, "ConditionPathExists=/etc/nope is not met") {
			t.Errorf("%d: %s%s", r.Code, r.Stdout, r.Stderr)
		}
		install("cond", "9004", "-p", "ConditionPathExists=/etc/nope", "--", "serve")
		m.Must(t, "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9004; (sleep 9 &) >/dev/null 2>&1")
		wants("cond", "failing", "ConditionPathExists=/etc/nope is not met")
		m.Must(t, "systemctl", "stop", "cond.socket")
	})
	t.Run("a reload that ends the program", func(t *testing.T) {
		install("cond", "9004", "-p", "ExecReload=/bin/kill -HUP $MAINPID", "--", "serve")
		m.Must(t, "systemctl", "start", "cond.service")
		r := m.Run(t, "tcptune", "service", "reload", "cond")
		if r.Code != 1 || !strings.Contains(r.Stderr, "that has ended the program of cond.service") {
			t.Errorf("%d: %s%s", r.Code, r.Stdout, r.Stderr)
		}
	})
	t.Run("a Unix socket that its path does not lead to", func(t *testing.T) {
		for _, name := range []string{"a", "b"} {
			m.Must(t, "install", "-D", "/usr/bin/jobs", "/usr/local/bin/"+name)
		}
		install("a", "/run/x/a.sock", "--", "serve")
		wants("a", "active", "")
		m.Must(t, "systemctl", "stop", "a.socket")
		r := m.Run(t, "tcptune", "service", "install", "--exec", "/usr/local/bin/b", "--listen", "/run/x/a.sock", "--",
			"serve")
		if r.Code != 0 || !strings.Contains(r.Stderr, "/run/x/a.sock is that of the service a as well") {
			t.Errorf("%d: %s%s", r.Code, r.Stdout, r.Stderr)
		}
		m.Must(t, "systemctl", "start", "a.socket")
		m.Must(t, "systemctl", "start", "b.socket")
		wants("b", "inactive", "2 sockets were opened on /run/x/a.sock")
		m.service(t, 0, "uninstall", "a")
		wants("b", "inactive", "nothing listens on /run/x/a.sock")
		r = m.Run(t, "tcptune", "service", "restart", "b")
		if r.Code != 1 || !strings.Contains(r.Stderr, "hint: run: sudo systemctl restart b.socket") {
			t.Errorf("%d: %s%s", r.Code, r.Stdout, r.Stderr)
		}
		m.Must(t, "systemctl", "restart", "b.socket")
		wants("b", "active", "")
	})
	t.Run("UDP, and a unit that is gone", func(t *testing.T) {
		m.Must(t, "install", "-D", "/usr/bin/jobs", "/usr/local/bin/u")
		install("u", "udp:5300", "--listen", "9005", "--", "serve")
		m.Must(t, "systemctl", "start", "u-9005.socket")
		r := m.Run(t, "tcptune", "service", "install", "--exec", "/usr/local/bin/u", "--name", "v", "--listen", "udp:5300",
			"--now", "--dry-run", "--", "serve")
		if r.Code != 1 || !strings.Contains(r.Stderr, "cannot listen on port 5300, which is held by systemd (pid 1") {
			t.Errorf("%d: %s%s", r.Code, r.Stdout, r.Stderr)
		}
		m.dropIn(t, "u.socket", "[Socket]\nListenDatagram=\nListenDatagram=5301\n")
		wants("u", "inactive", "nothing listens on [::]:5301")
		m.Must(t, "rm", "-r", "/run/systemd/system/u.socket.d")
		m.Must(t, "systemctl", "stop", "u-9005.socket")
		m.Must(t, "rm", "/etc/systemd/system/u-9005.socket")
		m.Must(t, "systemctl", "daemon-reload")
		m.Must(t, "systemctl", "restart", "u.socket")
		s := m.service(t, 3, "status", "u").Service[0]
		if !strings.Contains(s.Reason, "not open: u-9005.socket") || strings.Contains(s.Reason, "drop-in") {
			t.Errorf("%+v", s)
		}
	})
}

func TestHintsNameWhatHelps(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	m.service(t, 0, "install", "--now")
	for _, script := range []string{"daemon:sleep 1h &", "once:exit 0"} {
		name, text, _ := strings.Cut(script, ":")
		mustExit(t, 0, m.RunInput(t, strings.NewReader("#!/bin/sh\n"+text+"\n"), "install", "-m", "0755", "/dev/stdin", "/usr/local/bin/"+name))
	}
	for want, args := range map[string][]string{
		"choose another --admin: 127.0.0.1:9181": {"install", "--name", "second", "--listen", "9000", "--now"},
		"stays in the foreground":                {"install", "--exec", "/usr/local/bin/daemon", "--listen", "9001", "--now"},
		"foreground":                             {"install", "--exec", "/usr/local/bin/once", "--listen", "9002", "--now"},
		"tcptune service status SERVICE":         {"status", "--name", "tcptune-server"},
		"tcptune service restart SERVICE":        {"restart", "--name", "tcptune-server"},
	} {
		r := m.Run(t, append([]string{"tcptune", "service"}, args...)...)
		if r.Code == 0 || !strings.Contains(r.Stderr, want) {
			t.Errorf("%v: %d: %s%s", args, r.Code, r.Stdout, r.Stderr)
		}
	}
}
