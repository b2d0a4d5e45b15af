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
	if r.Code != 1 || !strings.Contains(r.Stderr, "sudo systemctl restart tcptune-server.socket") {
		t.Errorf("%d: %s%s", r.Code, r.Stdout, r.Stderr)
	}
	m.Must(t, "systemctl", "stop", "tcptune-server.socket", "tcptune-server.service")
	m.Must(t, "systemctl", "start", "tcptune-server.socket")
	r = m.Run(t, "tcptune", "service", "restart")
	if r.Code != 0 || !strings.Contains(r.Stdout, "answers on 127.0.0.1:9000; a drop-in has it listen on 127.0.0.1:9000, and not on [::]:8080") {
		t.Errorf("%d: %s%s", r.Code, r.Stdout, r.Stderr)
	}
	s = m.service(t, 0, "status").Service[0]
	if !strings.Contains(s.Reason, "a drop-in has it listen on 127.0.0.1:9000, and not on [::]:8080") {
		t.Errorf("%+v", s)
	}
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
