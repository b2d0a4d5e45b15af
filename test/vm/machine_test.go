package vm

import (
	"strings"
	"testing"
)

func TestAMachineKeepsItsDiskThroughARebootAndAPowerCut(t *testing.T) {
	wholeList(t)
	m := Boot(t, Options{Release: "24.04"})
	if out := m.Must(t, "sh", "-c", ". /etc/os-release; echo $VERSION_ID"); strings.TrimSpace(out) != "24.04" {
		t.Errorf("it presents itself as %q", out)
	}
	if r := m.Run(t, "sh", "-c", "exit 7"); r.Code != 7 {
		t.Errorf("exit %d, want 7", r.Code)
	}
	m.Must(t, "sh", "-c", "echo kept >/kept; sync; modprobe tcp_bbr; sysctl -qw net.ipv4.tcp_congestion_control=bbr")
	m.Reboot(t)
	if out := m.Must(t, "cat", "/kept", "/proc/sys/net/ipv4/tcp_congestion_control"); out != "kept\ncubic\n" {
		t.Errorf("after the reboot: %q", out)
	}
	m.Must(t, "sh", "-c", "echo lost >/lost")
	m.PowerCut()
	m.PowerOn(t)
	if r := m.Run(t, "cat", "/kept", "/lost"); strings.Contains(r.Stdout, "lost") {
		t.Errorf("after the power cut: %q", r.Stdout)
	}
}
