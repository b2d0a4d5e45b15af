package container

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// inode is that of the listening socket of an address, as the kernel shows it.
func (m *Machine) inode(t *testing.T, address string) string {
	t.Helper()
	query := []string{"ss", "-Hltne", "src", address}
	switch port, all := strings.CutPrefix(address, "udp:"); {
	case all:
		query = []string{"ss", "-Hlune", "sport", "=", ":" + port}
	case strings.HasPrefix(address, "/"):
		query = []string{"ss", "-Hlxe", "src", address}
	case !strings.Contains(address, ":"):
		query = []string{"ss", "-Hltne", "sport", "=", ":" + address}
	}
	said := m.Must(t, query...)
	numbers := regexp.MustCompile(`ino:(\d+)`).FindAllStringSubmatch(said, -1)
	if strings.HasPrefix(address, "/") {
		numbers = regexp.MustCompile(regexp.QuoteMeta(address)+` (\d+)`).FindAllStringSubmatch(said, -1)
	}
	if len(numbers) != 1 {
		t.Fatalf("%s has %d listening sockets:\n%s", address, len(numbers), said)
	}
	return numbers[0][1]
}

// listening are the addresses of --listen with the inodes of their sockets.
func (m *Machine) listening(t *testing.T, addresses []string) map[string]string {
	t.Helper()
	inodes := map[string]string{}
	for _, a := range addresses {
		inodes[a] = m.inode(t, a)
	}
	return inodes
}

// walk installs a service with one set of addresses after the other: a socket that stays is the same one, whatever comes
// and goes beside it.
func (m *Machine) walk(t *testing.T, name string, before map[string]string, flags []string, steps ...string) map[string]string {
	t.Helper()
	for _, step := range steps {
		wanted := strings.Fields(step)
		argv := []string{"install", "--now"}
		for _, a := range wanted {
			argv = append(argv, "--listen", a)
		}
		r := m.service(t, 0, append(argv, flags...)...)
		if len(r.Warnings) > 0 && strings.Contains(strings.Join(r.Warnings, "\n"), "drop-in") {
			t.Errorf("%s: %q", step, r.Warnings)
		}
		after := m.listening(t, wanted)
		for a, inode := range before {
			switch now, stays := after[a]; {
			case stays && now != inode:
				t.Errorf("%s, then %s: the socket of %s was closed", keys(before), step, a)
			case !stays && !strings.HasPrefix(a, "/") && !strings.HasPrefix(a, "udp:"):
				if said := m.Must(t, "ss", "-Hltn", "sport", "=", ":"+portOf(a)); said != "" && !slices.ContainsFunc(wanted, samePort(a)) {
					t.Errorf("%s is still open after %s: %s", a, step, said)
				}
			}
		}
		s := m.service(t, 0, "status", name).Service[0]
		if len(s.Listen) != len(wanted) || strings.Contains(s.Reason, "drop-in") || strings.Contains(s.Reason, "not open") {
			t.Errorf("%s: status has %q, and says %s", step, s.Listen, s.Reason)
		}
		enabled := m.Must(t, "sh", "-c", "cd /etc/systemd/system/sockets.target.wants && cat $(ls "+name+"*.socket | grep -v -- -admin) | grep -c ^Listen")
		if strings.TrimSpace(enabled) != fmt.Sprint(len(wanted)) {
			t.Errorf("%s: at boot %s addresses are opened", step, enabled)
		}
		before = after
	}
	return before
}

func portOf(address string) string { return address[strings.LastIndex(address, ":")+1:] }

func samePort(a string) func(string) bool {
	return func(b string) bool { return portOf(a) == portOf(b) }
}

func keys(m map[string]string) string {
	var all []string
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestASocketThatStaysIsNeverClosed(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	tree := m.tree(t)
	for path, code := range map[string]string{"/run/dbus/system_bus_socket": "path-held", "/run/tcptune-server-admin.sock": "usage"} {
		r := m.Run(t, "tcptune", "service", "install", "--now", "--json", "--listen", path)
		if r.Code == 0 || !strings.Contains(r.Stdout, `"code": "`+code+`"`) {
			t.Errorf("%s: exit %d, want %s\n%s", path, r.Code, code, r.Stdout)
		}
	}
	open := m.walk(t, bundled, nil, nil, "8080", "8080 8081", "8081", "8081 8082", "8082 8081", "8082 127.0.0.1:8081", "8083",
		"8083 0.0.0.0:8084 [::]:8084", "[::]:8084 0.0.0.0:8084", "[::]:8084 0.0.0.0:8084 8080 [::1]:8085 /run/x/a-b",
		"[::1]:8085 /run/x/a-b", "/run/x/a-b", "/run/x/a-b 8081", "8081 8080")
	for _, argv := range [][]string{
		{"tcptune", "service", "restart"}, {"tcptune", "service", "reload"}, {"systemctl", "restart", "tcptune-server.service"}, {"systemctl", "daemon-reexec"},
	} {
		m.Must(t, argv...)
		if now := m.listening(t, []string{"8080", "8081"}); fmt.Sprint(now) != fmt.Sprint(open) {
			t.Errorf("%s: %v, then %v", argv, open, now)
		}
	}
	// Metrics on another port concern no client.
	open = m.walk(t, bundled, open, []string{"--admin", "127.0.0.1:9399"}, "8081 8080")

	// As it was before each address had a unit: NAME.socket has all of them, and tcptune takes that over.
	m.walk(t, bundled, open, nil, "8080 /run/x/y")
	m.Must(t, "tcptune", "service", "uninstall")
	m.sameTree(t, tree)
	if m.Run(t, "test", "-e", "/run/x/y").Code == 0 {
		t.Error("a path stays behind which nobody listens")
	}
	m.service(t, 0, "install", "--listen", "8080", "--listen", "8081", "--listen", "8082")
	m.Script(t, `cd /etc/systemd/system && rm tcptune-server-808* sockets.target.wants/tcptune-server-808* /var/lib/tcptune/journal.json*
		sed -i 's/^ListenStream=8080$/&\nListenStream=8081\nListenStream=8082/' tcptune-server.socket
		sed -i 's/^Sockets=.*/Sockets=tcptune-server.socket/' tcptune-server*.service && systemctl daemon-reload`)
	m.service(t, 0, "install", "--now", "--listen", "8080", "--listen", "8081", "--listen", "8082")
	open = m.listening(t, []string{"8080", "8081", "8082"})
	open = m.walk(t, bundled, open, nil, "8080 8081 8082 8083", "8081 8082 8083", "8082 8081", "8081 8084", "8081 8084 8080")
	if now := m.Must(t, "sh", "-c", "grep -l ^ListenStream=808 /etc/systemd/system/*.socket | wc -l"); strings.TrimSpace(now) != "3" {
		t.Errorf("%s units for %s", now, keys(open))
	}
}

// A program of one's own has no twin unless it is asked for: its clients wait in a socket that stays.
func TestASocketOfAProgramThatStaysIsNeverClosed(t *testing.T) {
	t.Parallel()
	m := newServing(t)
	flags := []string{"--exec", "/usr/bin/sleep", "--name", "mine", "--", "1h"}
	m.walk(t, "mine", nil, flags, "8080 udp:8080", "udp:8080", "udp:8080 8081", "8081 8082", "8082")
	m.Must(t, "tcptune", "service", "restart", "mine")
	m.Must(t, "tcptune", "service", "uninstall", "mine")
}
