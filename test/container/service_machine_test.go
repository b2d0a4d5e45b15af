package container

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// newServing boots a machine that claims to be Ubuntu 24.04 and has tcptune, the bundled server and the jobs of this
// tree. The paths of /usr/bin are those of the package.
func newServing(t *testing.T) *Machine {
	t.Helper()
	m := Boot(t, Options{Release: "24.04"})
	for _, name := range []string{"tcptune", "tcptune-server", "jobs"} {
		m.CopyIn(t, program(t, name), "/usr/bin/"+name)
	}
	return m
}

type serviceReport struct {
	Changed bool
	Changes []struct{ Kind, Target, Status, Reason string }
	Service []struct {
		State    string
		Listen   []string
		Pid      int
		Memory   uint64
		Exposure *float64
		Restarts int
		Reason   string
		Journal  []string
		Says     string
		Server   *struct {
			Protocol string
			Accepted uint64
		}
	}
	Warnings []string
	Error    *struct{ Code, Message string }
}

// service runs "tcptune service ... --json".
func (m *Machine) service(t *testing.T, code int, args ...string) (r serviceReport) {
	t.Helper()
	argv := append([]string{"tcptune", "service", args[0], "--json"}, args[1:]...)
	result := m.Run(t, argv...)
	mustExit(t, code, result)
	if err := json.Unmarshal([]byte(result.Stdout), &r); err != nil {
		t.Fatalf("%v\n%s", err, result.Stdout)
	}
	return r
}

// tree is what is below the folders that an installation may touch: paths, kinds, modes, contents and where links lead.
// What systemd, journald and the clock write by themselves is left out, and the history of what root has changed, which
// outlives a revert. Of the journal, each step counts on and renews the sum, and the former copy is as the step before.
func (m *Machine) tree(t *testing.T) string {
	t.Helper()
	return m.Must(t, "sh", "-c", `cd / && set -- etc usr var -path var/log/journal -prune -o -path var/log/tcptune -prune -o -path var/lib/systemd -prune -o -path var/cache -prune -o -path var/tmp -prune -o
		{ find "$@" -printf '%p %M %U:%G %l\n' && find "$@" -type f ! -path 'var/lib/tcptune/journal.json*' -print0 | xargs -0 cksum
		sed -E '/"(seq|sha256)":/d' var/lib/tcptune/journal.json; } 2>/dev/null | sort`)
}

// sameTree checks that what was installed has left nothing behind.
func (m *Machine) sameTree(t *testing.T, before string) {
	t.Helper()
	if diff := cmp.Diff(strings.Split(before, "\n"), strings.Split(m.tree(t), "\n")); diff != "" {
		t.Errorf("files before (-) and after (+):\n%s", diff)
	}
}

// units are the units of a service that systemd knows, with their states.
func (m *Machine) units(t *testing.T, name string) string {
	t.Helper()
	return strings.TrimSpace(m.Must(t, "systemctl", "list-units", "--all", "--plain", "--no-legend", "--no-pager",
		name+"*"))
}

// say sends a line to a port of the machine and returns what comes back.
func (m *Machine) say(t *testing.T, port, text string) string {
	t.Helper()
	return m.Run(t, "jobs", "say", "127.0.0.1:"+port, text).Stdout
}
