package container

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A restart is the way to renew a certificate. The old process goes only when the new one serves, whatever is wrong.
func TestARestartThatCannotWorkLeavesTheOldProcessAlone(t *testing.T) {
	t.Parallel()
	m := newUnderLoad(t)
	stream := m.clients(t, "rate", "8080", "100", "25s")
	pid := m.mainPID(t)
	for _, tc := range []struct{ name, breaks, repairs, says string }{
		{"the program is gone", "mv /usr/bin/tcptune-server /usr/bin/away", "mv /usr/bin/away /usr/bin/tcptune-server", "there is no program"},
		{"the limits are none", "echo 'max-conns: 0' >>/etc/tcptune/tcptune-server.yaml", "sed -i '/max-conns: 0/d' /etc/tcptune/tcptune-server.yaml", "max-conns 0"},
		// The check knows nothing of it: the twin shows it, and the lines of the failure are shown.
		{"it does not come up", "printf '#!/bin/sh\\necho I cannot come up; exit 1\\n' >/usr/bin/bad; chmod 755 /usr/bin/bad; cp /usr/bin/tcptune-server /usr/bin/away; cp --remove-destination /usr/bin/bad /usr/bin/tcptune-server", "mv /usr/bin/away /usr/bin/tcptune-server", "I cannot come up"},
	} {
		m.Must(t, "sh", "-c", tc.breaks)
		r := m.service(t, 1, "restart")
		said := fmt.Sprint(r.Error, r.Warnings)
		if r.Error != nil {
			said += r.Error.Message
		}
		if !strings.Contains(said, tc.says) {
			t.Errorf("%s: %s", tc.name, said)
		}
		if now := m.mainPID(t); now != pid || m.isActive(t, "tcptune-server-twin.service") {
			t.Errorf("%s: pid %s, before %s", tc.name, now, pid)
		}
		m.Must(t, "sh", "-c", tc.repairs)
	}
	r := m.service(t, 0, "install", "--protocol", "line", "--now", "--drain", "5s")
	if !slices.ContainsFunc(r.Changes, func(c struct{ Kind, Target, Status, Reason string }) bool {
		return c.Target == "tcptune-server.service" && c.Kind == "unit" && c.Status == "applied"
	}) {
		t.Errorf("%+v", r.Changes)
	}
	if l := stream.tally(); l.lost() > 0 {
		t.Errorf("clients were lost: %+v", l)
	}
	if m.isActive(t, "tcptune-server-twin.service") || m.mainPID(t) == pid {
		t.Error("the twin serves on, or the old process does")
	}
}
