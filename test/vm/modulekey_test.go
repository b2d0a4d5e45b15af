package vm

import (
	"strings"
	"testing"
)

const conntrackMax = "net.netfilter.nf_conntrack_max"

// A key that a module brings does not exist before the first apply. It is there, as wanted, after the apply, and after a
// reboot; a revert takes it away; and the same holds for the machine's own disk, tuned as an image.
func TestAKeyOfAModuleIsThereAfterAReboot(t *testing.T) {
	wholeList(t)
	m := Boot(t, Options{Release: "24.04"})
	m.CopyIn(t, compiledTcptune(t), "/usr/bin/tcptune")
	m.Script(t, `mkdir -p /etc/tcptune/profiles.d; cat >/etc/tcptune/profiles.d/ours.yaml <<.
name: ours
summary: more connections than conntrack tracks by itself
keys:
  - {key: `+conntrackMax+`, value: 1048576, mode: raise, required: true, why: a million connections}
.`)
	m.hasNoConntrack(t)
	t.Log(m.Script(t, "tcptune apply --profile ours"))
	m.isKept(t)
	m.Reboot(t)
	m.isKept(t)

	m.Script(t, "tcptune revert || [ $? = 4 ]")
	m.Reboot(t)
	m.hasNoConntrack(t)

	t.Log(m.Script(t, "mkdir /image; mount --bind / /image; tcptune apply --root /image --profile ours"))
	m.Script(t, "tcptune status --root /image --all; umount /image")
	m.Reboot(t)
	m.isKept(t)
	if out := m.Script(t, "systemctl show --property=Result --value systemd-sysctl systemd-modules-load"); strings.Contains(
		out, "exit-code") {
		t.Errorf("what loads and sets at boot: %s", out)
	}
}

func (m *Machine) hasNoConntrack(t *testing.T) {
	t.Helper()
	if r := m.Run(t, "sysctl", "-n", conntrackMax); r.Code == 0 {
		t.Errorf("%s is there already: %s", conntrackMax, r.Stdout)
	}
}

// isKept checks that the value runs, and that status says that it will.
func (m *Machine) isKept(t *testing.T) {
	t.Helper()
	if got := m.knob(t, conntrackMax); got != "1048576" {
		t.Errorf("%s is %s", conntrackMax, got)
	}
	keys, code := m.status(t)
	if k := keys[conntrackMax]; code != 0 || k.AfterReboot == nil || *k.AfterReboot != "1048576" {
		t.Errorf("status: exit %d\n%s", code, m.Run(t, "tcptune", "status", "--all").Stdout)
	}
}
