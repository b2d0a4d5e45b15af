package container

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// dropIn adds lines to a unit of a service, and has systemd read them.
func (m *Machine) dropIn(t *testing.T, unit, text string) {
	t.Helper()
	mustExit(t, 0, m.RunInput(t, strings.NewReader(text), "install", "-D", "-m", "0644", "/dev/stdin",
		"/run/systemd/system/"+unit+".d/test.conf"))
	m.Must(t, "systemctl", "daemon-reload")
}

// What the server would refuse is refused before anything is written, and what runs goes on.
func TestWhatTheServerWouldRefuseChangesNothing(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	m.service(t, 0, "install", "--now", "--max-conns", "100")
	before, pid := m.tree(t), m.mainPID(t)
	for name, args := range map[string][]string{
		"no connections":             {"--max-conns", "0"},
		"no room for an answer":      {"--limit", "max-output=1"},
		"a line longer than memory":  {"--limit", "max-line=99999999999"},
		"a certificate that is none": {"--tls-cert", "/etc/hostname", "--tls-key", "/etc/hostname"},
		"and a new address":          {"--max-conns", "0", "--listen", "9000"},
		"and a new protocol":         {"--max-conns", "0", "--protocol", "line"},
	} {
		for _, now := range [][]string{{"--now"}, nil, {"--dry-run"}} {
			r := m.service(t, 1, slices.Concat([]string{"install"}, args, now)...)
			if r.Error == nil || r.Error.Code != "check-failed" || r.Changed {
				t.Errorf("%s %v: %+v", name, now, r)
			}
		}
	}
	m.sameTree(t, before)
	if now := m.mainPID(t); now != pid {
		t.Errorf("pid %s, before %s", now, pid)
	}
	if got := m.say(t, "8080", "hello"); got != "hello" {
		t.Errorf("it answers %q", got)
	}

	t.Run("limits are read back from the process", func(t *testing.T) {
		m.service(t, 0, "install", "--now", "--max-conns", "101", "--limit", "idle-timeout=60s", "--limit", "client-rate=50/s")
		got := strings.ReplaceAll(m.Must(t, "tcptune", "service", "status", "--json"), `": "`, `":"`)
		for _, want := range []string{`"max-conns":"101"`, `"idle-timeout":"1m0s"`, `"client-rate":"50"`} {
			if !strings.Contains(got, want) {
				t.Errorf("%s is not in %s", want, got)
			}
		}
	})
	t.Run("a reload that is done, and has not done it, is said or taken back", func(t *testing.T) {
		const exec = "[Service]\nExecStart=\nExecStart=/usr/bin/tcptune-server --limits /etc/tcptune/tcptune-server.yaml "
		m.dropIn(t, "tcptune-server.service", exec+"--max-conns 55\n")
		m.Must(t, "systemctl", "restart", "tcptune-server.service")
		r := m.service(t, 0, "install", "--now", "--max-conns", "102")
		if !slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.Contains(w, "max-conns is 55 and not 102") }) {
			t.Errorf("that the process holds to another limit is not said: %q", r.Warnings)
		}
		m.dropIn(t, "tcptune-server.service", exec+"--idle-timeout 5s\n")
		m.Must(t, "systemctl", "restart", "tcptune-server.service")
		before := m.tree(t)
		r = m.service(t, 1, "install", "--now", "--max-conns", "102", "--limit", "idle-timeout=60s")
		if r.Error == nil || r.Error.Code != "rolled-back" || !strings.Contains(r.Error.Message, "idle-timeout") {
			t.Errorf("%+v", r)
		}
		m.sameTree(t, before)
	})
}

// crashLoop has the bundled server fail again and again until good is called.
func (m *Machine) crashLoop(t *testing.T) (good func()) {
	t.Helper()
	const swap = "cp --remove-destination %s /usr/bin/tcptune-server"
	m.Must(t, "sh", "-c", "[ -e /usr/bin/good ] || cp /usr/bin/tcptune-server /usr/bin/good; "+fmt.Sprintf(swap, "/bin/false")+
		"; systemctl kill -s KILL tcptune-server.service; "+
		"until [ $(systemctl show -p NRestarts --value tcptune-server.service) -gt 2 ]; do :; done")
	return func() { m.Must(t, "sh", "-c", fmt.Sprintf(swap, "/usr/bin/good")) }
}

// The former state was a crash loop: the change that repairs it comes through, each time.
func TestALimitRepairsWhatFailsAgainAndAgain(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	m.service(t, 0, "install", "--now", "--max-conns", "100")
	for i := range 14 {
		m.crashLoop(t)()
		if r := m.Run(t, "tcptune", "service", "install", "--now", "--max-conns", fmt.Sprint(101+i)); r.Code != 0 {
			t.Fatalf("repair %d: %s%s", i, r.Stdout, r.Stderr)
		}
		if got := m.say(t, "8080", "hello"); got != "hello" {
			t.Fatalf("repair %d: it answers %q", i, got)
		}
	}
	t.Run("and one that repairs nothing leaves nothing half-way", func(t *testing.T) {
		m.crashLoop(t)
		before := m.tree(t)
		for range 15 {
			r := m.Run(t, "tcptune", "service", "install", "--now", "--max-conns", "77", "--protocol", "line")
			if r.Code != 1 || strings.Contains(r.Stdout+r.Stderr, "not rolled back") || strings.Contains(r.Stdout+r.Stderr, "canceled") {
				t.Fatalf("%d: %s%s", r.Code, r.Stdout, r.Stderr)
			}
		}
		m.sameTree(t, before)
	})
}
