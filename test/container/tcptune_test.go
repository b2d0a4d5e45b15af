package container

import (
	"strings"
	"testing"
	"time"

	"github.com/tcptune/tcptune/test/guest"
)

// newTuned boots a machine that claims to be Ubuntu 24.04 and has the tcptune of this tree.
func newTuned(t *testing.T) *Machine {
	t.Helper()
	m := Boot(t, Options{Release: "24.04"})
	m.CopyIn(t, program(t, "tcptune"), "/usr/bin/tcptune")
	return m
}

func (m *Machine) knob(t *testing.T, key string) string {
	t.Helper()
	return strings.TrimSpace(m.Must(t, "sysctl", "-n", key))
}

// partialHere is the exit code of apply in a container: keys such as net.core.rmem_max belong to the host.
const partialHere = 4

func mustExit(t *testing.T, code int, r guest.Result) {
	t.Helper()
	if r.Code != code {
		t.Fatalf("exit %d, want %d\n%s%s", r.Code, code, r.Stdout, r.Stderr)
	}
}

const finTimeout = "net.ipv4.tcp_fin_timeout"

func TestTunedValuesSurviveTheRealSystemdSysctl(t *testing.T) {
	t.Parallel()
	m := newTuned(t)
	mustExit(t, partialHere, m.Run(t, "tcptune", "apply"))
	m.Must(t, "sysctl", "-w", finTimeout+"=60")
	mustExit(t, 2, m.Run(t, "tcptune", "status"))
	m.Must(t, "systemctl", "restart", "systemd-sysctl")
	if got := m.knob(t, finTimeout); got != "30" {
		t.Errorf("after systemd-sysctl it is %s", got)
	}
	mustExit(t, partialHere, m.Run(t, "tcptune", "status"))
	mustExit(t, 0, m.Run(t, "tcptune", "revert"))
	if got := m.knob(t, finTimeout); got != "60" {
		t.Errorf("after revert it is %s", got)
	}
}

func TestUnconfirmedApplyIsTakenBackByATimerOfSystemd(t *testing.T) {
	t.Parallel()
	m := newTuned(t)
	mustExit(t, partialHere, m.Run(t, "tcptune", "apply", "--confirm", "10s")) // time enough to look at it
	timers := m.Must(t, "systemctl", "list-timers", "--all", "--no-legend")
	if !strings.Contains(timers, "tcptune-confirm-") {
		t.Errorf("no timer is armed:\n%s", timers)
	}
	if got := m.knob(t, finTimeout); got != "30" {
		t.Errorf("right after apply it is %s", got)
	}
	m.await(t, finTimeout, "60")
	mustExit(t, 1, m.Run(t, "tcptune", "confirm", "--wait", "60s"))
	for _, p := range []string{"/etc/sysctl.d/60-tcptune.conf", "/var/lib/tcptune"} {
		mustExit(t, 1, m.Run(t, "test", "-e", p))
	}
}

// await waits for a value that something else will set.
func (m *Machine) await(t *testing.T, key, want string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if m.knob(t, key) == want {
			return
		}
	}
	t.Fatalf("%s is still %s, not %s", key, m.knob(t, key), want)
}

func TestConfirmedApplyStaysAndItsTimerGoes(t *testing.T) {
	t.Parallel()
	m := newTuned(t)
	mustExit(t, partialHere, m.Run(t, "tcptune", "apply", "--confirm", "10s"))
	mustExit(t, partialHere, m.Run(t, "tcptune", "confirm"))
	timers := m.Must(t, "systemctl", "list-timers", "--all", "--no-legend")
	if strings.Contains(timers, "tcptune-confirm-") {
		t.Errorf("the timer is still there:\n%s", timers)
	}
	time.Sleep(11 * time.Second) // past the deadline
	if got := m.knob(t, finTimeout); got != "30" {
		t.Errorf("after the deadline it is %s", got)
	}
	m.Must(t, "test", "-s", "/etc/sysctl.d/60-tcptune.conf")
}

func TestTheTimerOutlivesTheSessionThatArmedIt(t *testing.T) {
	t.Parallel()
	m := newTuned(t)
	// A scope of its own, killed as a whole: what logind does to a session with KillUserProcesses=yes.
	m.Run(t, "systemd-run", "--quiet", "--scope", "--unit=login", "sh", "-c",
		"tcptune apply --confirm 3s >/dev/null 2>&1; systemctl kill --signal=KILL login.scope; sleep 60")
	m.await(t, finTimeout, "60")
}
