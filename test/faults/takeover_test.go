package faults

import (
	"fmt"
	"testing"
)

// written is a file that was written by hand, by somebody else than root.
const written = `cat >/etc/sysctl.d/70-hand.conf <<EOF
net.core.somaxconn = 65535
net.ipv4.tcp_tw_recycle = 1
net.ipv4.tcp_fin_timeout = 15
net.ipv4.igmp_max_memberships = 40
EOF
chmod 640 /etc/sysctl.d/70-hand.conf
touch -d 2020-02-02 /etc/sysctl.d/70-hand.conf`

// takeoverLab has the states of a host on whose file tcptune sets to work.
func takeoverLab(t testing.TB, program string) (lab, []scenario) {
	t.Helper()
	const file = "/etc/sysctl.d/70-hand.conf"
	byHand := []string{"sh", "-ec", written}
	taken := []string{"import", file}
	retired := []string{"apply", "--profile", "hand", "--retire", file}
	revert := []string{"revert"}
	l := lab{program: program, status: []string{"status", "--profile", "hand"}, partial: lab.missesOnlyNamed, whole: lab.untorn, every: 10}
	l.states = map[string][][]string{
		"by hand": {byHand}, "imported": {byHand, taken}, "retired": {byHand, taken, retired},
		"back": {byHand, taken, retired, revert},
	}
	l.open(t)
	return l, []scenario{
		{"import", "by hand", "imported", taken, []next{
			{taken, map[int][]string{0: {"imported"}}}, {revert, map[int][]string{0: {"by hand", "imported"}}},
		}},
		{"apply --retire", "imported", "retired", retired, []next{
			{retired, map[int][]string{0: {"retired"}}}, {revert, map[int][]string{0: {"imported", "back"}}},
		}},
		{"revert of a retired file", "retired", "back", revert, []next{
			{revert, map[int][]string{0: {"back"}}},
		}},
	}
}

func TestKillWhileAFileIsTakenOver(t *testing.T) {
	l, scenarios := takeoverLab(t, program(t))
	if got, want := l.rest["back"].state, l.rest["imported"].state; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("a revert leaves the host as\n%v\nwant\n%v", got, want)
	}
	l.killed(t, scenarios, deadly, "at each step of taking over a file")
}
