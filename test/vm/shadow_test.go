package vm

import (
	"strings"
	"testing"
)

// A later file and a firewall that set our keys: status says before the reboot what will be there after it.
func TestStatusPredictsWhatARebootBrings(t *testing.T) {
	wholeList(t)
	m := tuned(t)
	m.Script(t, `printf 'net.ipv4.tcp_fin_timeout = 45\n' >/etc/sysctl.d/99-zz.conf
		ufw allow 22/tcp
		printf 'net/ipv4/tcp_slow_start_after_idle=1\n' >>/etc/ufw/sysctl.conf
		ufw --force enable && systemctl enable ufw`)
	before, code := m.status(t)
	if code != 2 && code != 4 {
		t.Errorf("status with two that overrule us: exit %d", code)
	}
	if got := before["net.ipv4.tcp_fin_timeout"].AfterReboot; got == nil || *got != "45" {
		t.Errorf("net.ipv4.tcp_fin_timeout: predicted %v, want 45", got)
	}
	// Nothing orders ufw.service and systemd-sysctl.service: which of the two is last cannot be known before.
	const raced = "net.ipv4.tcp_slow_start_after_idle"
	if k := before[raced]; k.AfterReboot != nil || !strings.Contains(k.Reason, "/etc/ufw/sysctl.conf") {
		t.Errorf("%s: predicted %v because of %q, want the race to be named", raced, k.AfterReboot, k.Reason)
	}
	m.Reboot(t)
	if out := m.Script(t, "ufw status"); !strings.Contains(out, "Status: active") {
		t.Fatalf("ufw does not run after the reboot: %s", out)
	}
	if got := m.knob(t, raced); got != "0" && got != "1" {
		t.Errorf("%s is %s after the reboot, neither what tcptune nor what ufw sets", raced, got)
	} else {
		t.Logf("%s: the last one has set %s", raced, got)
	}
	m.hasKeys(t, before, func(k wantedKey) *string { return k.AfterReboot }, raced)
}
