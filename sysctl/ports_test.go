package sysctl

import (
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/ephemeral"
	"github.com/tcptune/tcptune/sysctl/profile"
)

const (
	portRange = ephemeral.RangeKey
	reserved  = ephemeral.ReservedKey
	manifest  = "/etc/kubernetes/manifests/kube-apiserver.yaml"
)

// wide is a profile like proxy.
func wide(m *machine) profile.Profile {
	return m.profile(profile.Wish{Key: reserved, Value: "11211", Mode: profile.UnionMode},
		profile.Wish{Key: portRange, Value: "10240 65535"})
}

func TestAWideRangeReservesTheNodePortsOfTheCluster(t *testing.T) {
	for name, test := range map[string]struct {
		files        map[string]string
		host         string // what it reserves already
		want, warned string
	}{
		"no Kubernetes":           {nil, "", "11211", ""},
		"the default":             {map[string]string{"/usr/bin/kubelet": ""}, "", "11211,30000-32767", ""},
		"beside the host's own":   {map[string]string{"/usr/bin/kubelet": ""}, "40000", "11211,30000-32767,40000", ""},
		"as configured":           {map[string]string{manifest: "- --service-node-port-range=20000-20099"}, "", "11211,20000-20099", ""},
		"only what is in the way": {map[string]string{manifest: "- --service-node-port-range=10000-10299"}, "", "10240-10299,11211", ""},
		"nothing is in the way":   {map[string]string{manifest: "- --service-node-port-range=2000-2099"}, "", "11211", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, "6.8.0")
			for p, text := range test.files {
				m.write(p, text)
			}
			m.knobs[reserved] = test.host
			d := m.diff(wide(m))
			if c := find(t, d.Changes, reserved); *c.After != test.want || d.Warnings != nil {
				t.Errorf("reserves %s and warns %q, want %s", *c.After, d.Warnings, test.want)
			}
			m.apply(d.Plan)
			if d := m.diff(wide(m)); !d.Empty() {
				t.Errorf("planned once more: %+v", d.Changes)
			}
		})
	}
}

func TestAConflictWithNodePortsIsNamedWhereNothingReservesThem(t *testing.T) {
	for name, test := range map[string]struct {
		profile func(*machine) profile.Profile
		knob    string // the range that runs
		want    string
	}{
		"a profile that widens and reserves nothing": {
			func(m *machine) profile.Profile { return m.profile(profile.Wish{Key: portRange, Value: "10240 65535"}) },
			"32768 60999", portRange + " 10240 65535 takes in 30000-32767",
		},
		"a profile with a list of its own": {
			func(m *machine) profile.Profile {
				return m.profile(profile.Wish{Key: reserved, Value: "11211", Mode: profile.ExactMode},
					profile.Wish{Key: portRange, Value: "10240 65535"})
			},
			"32768 60999", reserved + " = 11211,30000-32767",
		},
		"the range of the host, and a profile without one": {
			func(m *machine) profile.Profile { return m.profile(profile.Wish{Key: finTimeout, Value: "30"}) },
			"1024 65535", "30000-32767",
		},
		"a range beside them": {
			func(m *machine) profile.Profile { return m.profile(profile.Wish{Key: finTimeout, Value: "30"}) }, "32768 60999", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, "6.8.0")
			m.write("/usr/bin/kubelet", "")
			m.knobs[portRange] = test.knob
			got := strings.Join(m.diff(test.profile(m)).Warnings, "\n")
			if !strings.Contains(got, test.want) || test.want == "" && got != "" {
				t.Errorf("warns %q, want %q", got, test.want)
			}
		})
	}
}

// Root reads the manifest and everybody asks for the status.
func TestNodePortsThatAreNotVisibleAreNoDrift(t *testing.T) {
	m := newMachine(t, "6.8.0")
	m.write(manifest, "- --service-node-port-range=20000-20099")
	m.apply(m.diff(wide(m)).Plan)
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := m.survey()
	s.NodePorts = []ephemeral.Claim{{First: 30000, Last: 32767, By: "NodePorts", Assumed: true}}
	d, err := Diff(s, cat, wide(m), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !d.Empty() || !d.Converged() {
		t.Errorf("planned %+v", d.Changes)
	}
	if c := find(t, d.Changes, reserved); c.Status != report.Unchanged {
		t.Errorf("%s %s: %s", c.Target, c.Status, c.Reason)
	}
}
