package container

import (
	"strings"
	"testing"
)

func TestAddressesOfEachKind(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	m.Must(t, "sysctl", "-w", "net.ipv6.bindv6only=1")
	m.Must(t, "ip", "address", "add", "fe80::7/64", "dev", "lo", "nodad")
	for _, tc := range []struct {
		name string
		args []string
		says string
		asks []string // what answers then
	}{
		{"a port is all addresses, whatever bindv6only is", []string{"--listen", "8080"}, "answers on 127.0.0.1:8080", []string{"127.0.0.1:8080", "[::1]:8080"}},
		{"0.0.0.0 beside [::]", []string{"--listen", "0.0.0.0:8080", "--listen", "[::]:8080"}, "answers on 127.0.0.1:8080 [::1]:8080", []string{"127.0.0.1:8080", "[::1]:8080"}},
		{"IPv6 alone", []string{"--listen", "[::]:8080", "--ipv6-only", "--listen", "127.0.0.2:8080"}, "answers on [::1]:8080 127.0.0.2:8080", []string{"[::1]:8080", "127.0.0.2:8080"}},
		{"link-local, with its interface", []string{"--listen", "[fe80::7%lo]:8080"}, "answers on [fe80::7%lo]:8080", []string{"[fe80::7%lo]:8080"}},
		{"one that is not there yet", []string{"--listen", "10.99.0.1:8080"}, "10.99.0.1:8080 was not asked: this host does not have that address yet", nil},
		{"a Unix socket", []string{"--listen", "/run/mine/x.sock"}, "answers on /run/mine/x.sock", nil},
		{"one interface", []string{"--listen", "8080", "--interface", "lo"}, "it takes connections from lo only", []string{"127.0.0.1:8080"}},
		{"UDP for a program of one's own", []string{"--exec", "/usr/bin/sleep", "--name", "tcptune-udp", "--listen", "udp:8080", "--", "1h"}, "udp:8080 was not asked", nil},
	} {
		name := bundled
		if strings.Contains(tc.name, "UDP") {
			name = "tcptune-udp"
		}
		r := m.Run(t, append([]string{"tcptune", "service", "install", "--now"}, tc.args...)...)
		if r.Code != 0 || !strings.Contains(r.Stdout, tc.says) {
			t.Errorf("%s: %d\n%s%s", tc.name, r.Code, r.Stdout, r.Stderr)
		}
		for _, address := range tc.asks {
			if got := m.Run(t, "jobs", "say", address, "hello"); got.Stdout != "hello" {
				t.Errorf("%s: %s answers %q, %s", tc.name, address, got.Stdout, got.Stderr)
			}
		}
		if s := m.service(t, 0, "status", name).Service[0]; strings.Contains(s.Reason, "drop-in") || strings.Contains(s.Reason, "listens on") {
			t.Errorf("%s: status says %s", tc.name, s.Reason)
		}
		if strings.Contains(tc.name, "not there yet") {
			m.Must(t, "ip", "address", "add", "10.99.0.1/32", "dev", "lo")
			if got := m.Run(t, "jobs", "say", "10.99.0.1:8080", "hello"); got.Stdout != "hello" {
				t.Errorf("%s: it answers %q, %s", tc.name, got.Stdout, got.Stderr)
			}
		}
		m.service(t, 0, "uninstall", name)
	}
}

// What does not change stays open: the backlog of a socket is changed where it is.
func TestABacklogIsChangedWithoutARefusedClient(t *testing.T) {
	t.Parallel()
	m := newUnderLoad(t)
	stream := m.clients(t, "rate", "8080", "200", "15s")
	pid := m.mainPID(t)
	for _, backlog := range []string{"1000", "2000", "3000"} {
		m.service(t, 0, "install", "--protocol", "line", "--now", "--backlog", backlog)
	}
	if l := stream.tally(); l.lost() > 0 {
		t.Errorf("clients were lost: %+v", l)
	}
	m.Must(t, "grep", "^Backlog=3000$", "/etc/systemd/system/tcptune-server.socket")
	if got := strings.Fields(m.Must(t, "ss", "-Hltn", "sport = :8080")); len(got) < 3 || got[2] != "3000" {
		t.Errorf("the socket that is open: %v", got)
	}
	if now := m.mainPID(t); now != pid {
		t.Errorf("the process is another one: %s, before %s", now, pid)
	}
}
