package packaging

import (
	"strconv"
	"strings"
	"testing"
)

// clients connect one after another, say a line and wait for its echo, until the file /stop appears. Each prints how
// many were served, after a line for each that was not.
const clients = `
client() {
	n=0
	while [ ! -e /stop ]; do
		if { exec 3<>/dev/tcp/127.0.0.1/8080; } 2>/dev/null && echo "$n" >&3 && read -t 60 -r answer <&3 && [ "$answer" = "$n" ]; then
			n=$((n + 1))
		else
			echo failed
		fi
		exec 3>&-
	done
	echo "$n"
}
for i in 1 2 3 4; do client & done
wait
`

func TestUpgradeUnderLoadRefusesNoConnection(t *testing.T) {
	m := boot(t)
	m.install("deb")
	m.sh("tcptune service install --listen 127.0.0.1:8080 --drain 5s --now")
	m.sh("tcptune service install --name mine --exec /bin/sleep --listen 127.0.0.1:9000 -- 1000; systemctl start mine.socket mine.service")
	opened, own, was := m.since("tcptune-server.socket"), m.since("mine.service"), m.since("tcptune-server.service")

	done := make(chan string)
	go func() { done <- m.Run(t, "bash", "-c", clients).Stdout }()
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
	if m.since("tcptune-server.service") == was {
		t.Error("the service runs the old program")
	}
	if m.since("tcptune-server.socket") != opened {
		t.Error("the socket was touched")
	}
	if m.since("mine.service") != own {
		t.Error("the service of a program that is not ours was restarted")
	}

	// One that does not run is not started.
	m.sh("systemctl stop tcptune-server.socket tcptune-server.service; dpkg --install /debs/next/*.deb")
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
