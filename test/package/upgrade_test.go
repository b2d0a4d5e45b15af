package packaging

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// clients connect to each port, one after another, say a line and wait for its echo, until the file /stop appears. Each
// prints how many were served, after a line for each that was not.
const clients = `
client() {
	n=0
	while [ ! -e /stop ]; do
		if { exec 3<>/dev/tcp/127.0.0.1/$1; } 2>/dev/null && echo "$n" >&3 && read -t 60 -r answer <&3 && [ "$answer" = "$n" ]; then
			n=$((n + 1))
		else
			echo failed
		fi
		exec 3>&-
	done
	echo "$n"
}
for port; do client $port & done
wait
`

func TestUpgradeUnderLoadRefusesNoConnection(t *testing.T) {
	m := boot(t)
	m.install("deb")
	// One has a socket unit for each address, and by now none that is called as it is; the other one has several addresses
	// in one unit, as tcptune did it before.
	m.sh("tcptune service install --listen 127.0.0.1:8079 --listen 127.0.0.1:8080 --listen 127.0.0.1:8081 --drain 5s --now")
	m.sh("tcptune service install --listen 127.0.0.1:8080 --listen 127.0.0.1:8081 --drain 5s --now")
	const former = "tcptune service install --name former --admin 127.0.0.1:9300 --drain 5s --listen 127.0.0.1:8090 --listen 127.0.0.1:8091"
	m.sh(former)
	m.sh("cd " + units + ` && rm former-127* sockets.target.wants/former-127*
		sed -i 's/^ListenStream=.*8090$/&\nListenStream=127.0.0.1:8091/' former.socket
		sed -i 's/^Sockets=.*/Sockets=former.socket/' former*.service && systemctl daemon-reload && systemctl start former.socket`)
	m.sh("tcptune service install --name mine --exec /bin/sleep --listen 127.0.0.1:9000 -- 1000; systemctl start mine.socket mine.service")
	sockets := func() (opened []string) {
		for _, unit := range []string{"tcptune-server-127.0.0.1-8080.socket", "tcptune-server-127.0.0.1-8081.socket", "tcptune-server-admin.socket", "former.socket"} {
			opened = append(opened, unit+" "+m.since(unit))
		}
		return append(opened, m.sh("ss -Hltne | grep -o '127.0.0.1:80[89].*ino:[0-9]*' | sed 's/ .*ino/ ino/' | sort"))
	}
	m.sh("exec 3<>/dev/tcp/127.0.0.1/8090; echo hello >&3; head -n 1 <&3") // the first client starts it
	own, was, old := m.since("mine.service"), m.since("tcptune-server.service"), m.since("former.service")
	opened := sockets()

	done := make(chan string)
	go func() { done <- m.Run(t, "bash", "-c", clients, "clients", "8080", "8081", "8090", "8091").Stdout }()
	m.install("next")
	m.sh("touch /stop")
	served := 0
	for line := range strings.Lines(<-done) {
		n, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			t.Errorf("a client: %s", line)
		}
		served += n
	}
	t.Logf("%d connections were served meanwhile", served)
	if served == 0 {
		t.Error("no client was served")
	}
	m.has(m.sh("tcptune --version"), "next")
	if m.since("tcptune-server.service") == was || m.since("former.service") == old {
		t.Error("a service runs the old program")
	}
	if diff := cmp.Diff(opened, sockets()); diff != "" {
		t.Errorf("sockets were touched:\n%s", diff)
	}
	if m.since("mine.service") != own {
		t.Error("the service of a program that is not ours was restarted")
	}

	// One that does not run is not started.
	m.sh("systemctl stop tcptune-server-127.0.0.1-8080.socket tcptune-server-127.0.0.1-8081.socket tcptune-server.service; dpkg --install /debs/next/*.deb")
	if r := m.Run(t, "systemctl", "is-active", "tcptune-server.service"); r.Code == 0 {
		t.Error("the upgrade has started a stopped service")
	}
}

// since is when a unit became active.
func (m machine) since(unit string) string {
	m.Helper()
	out := strings.TrimSpace(m.sh("systemctl show --value -p ActiveEnterTimestampMonotonic " + unit))
	if out == "0" {
		m.Errorf("%s is not active", unit)
	}
	return out
}
