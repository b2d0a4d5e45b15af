package faults

import (
	"testing"
)

// declares puts a service into tcptune.yaml, beside the tuning of the lab. Its program is any that is there: nothing is
// started, since the box has no systemd.
const declares = `mkdir -p /etc/tcptune
printf 'tuning: {profile: faults}\nserver: {name: web, exec: [/bin/true], listen: [9000]}\n' >/etc/tcptune/tcptune.yaml`

// A service that is declared is a part of the one transaction: killed before any call that changes something, an apply
// and a revert leave nothing half, and the next command makes it whole.
func TestKillOfAnApplyWithAServer(t *testing.T) {
	byHand, apply, revert := []string{"sh", "-ec", declares}, []string{"apply"}, []string{"revert"}
	l := lab{
		program: program(t), status: []string{"status"}, whole: lab.untorn, partial: lab.missesOnlyNamed, every: 8,
		states: map[string][][]string{"declared": {byHand}, "served": {byHand, apply}},
	}
	l.open(t)
	l.killed(t, []scenario{
		{"an apply with a server", "declared", "served", apply, []next{
			{apply, map[int][]string{0: {"served"}}}, {revert, map[int][]string{0: {"declared"}}},
		}},
		{"a revert with a server", "served", "declared", revert, []next{{apply, map[int][]string{0: {"served"}}}}},
	}, deadly, "at each step of an apply with a service")
}
