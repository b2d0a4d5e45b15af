package ephemeral

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tcptune/tcptune/sysctl/catalogue"
)

func TestOnlyWhatLiesInTheRangeAndIsNotReservedIsExposed(t *testing.T) {
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	nginx, nodePorts := Claim{40000, 40000, "nginx", false}, Claim{30000, 32767, "NodePorts", false}
	for name, test := range map[string]struct {
		ports, reserved string
		claims          []Claim
		want, reserving string
	}{
		"a port inside":                    {"32768 60999", "", []Claim{nginx}, "40000 (nginx)", "40000"},
		"its ends are inside":              {"40000\t40000", "", []Claim{nginx}, "40000 (nginx)", "40000"},
		"below":                            {"40001 60999", "", []Claim{nginx}, "", ""},
		"above":                            {"32768 39999", "", []Claim{nginx}, "", ""},
		"reserved":                         {"32768 60999", "39999-40001", []Claim{nginx}, "", "39999-40001"},
		"beside what is reserved":          {"32768 60999", "50000,39999", []Claim{nginx}, "40000 (nginx)", "39999-40000,50000"},
		"a part of NodePorts":              {"32000 60999", "", []Claim{nodePorts}, "32000-32767 (NodePorts)", "32000-32767"},
		"NodePorts of which some are safe": {"10240 65535", "30000-31000", []Claim{nodePorts}, "30000-32767 (NodePorts)", "30000-32767"},
		"nobody knows whose":               {"1024 65535", "8080", []Claim{{First: 8080, Last: 8080}, {First: 9090, Last: 9090}}, "9090", "8080,9090"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := New(cat, test.ports, test.reserved)
			if err != nil {
				t.Fatal(err)
			}
			exposed := r.Exposed(test.claims)
			if diff := cmp.Diff([]string{test.want, test.reserving}, []string{Names(exposed), r.Reserving(exposed)}); diff != "" {
				t.Error("-want +got:", diff)
			}
		})
	}
}

func TestNonsenseIsNoRange(t *testing.T) {
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, values := range [][2]string{{"", ""}, {"32768", ""}, {"a b", ""}, {"32768 60999", "x"}} {
		if r, err := New(cat, values[0], values[1]); err == nil {
			t.Errorf("%q: %+v", values, r)
		}
	}
}
