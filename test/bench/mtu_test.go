package main

import (
	"os"
	"testing"
	"time"
)

// TestTheDefaultProfileGetsThroughATunnelThatSwallowsICMP: in network namespaces, over a path of 1280 bytes whose ends
// believe in 1500. The kernel by itself does not get through.
func TestTheDefaultProfileGetsThroughATunnelThatSwallowsICMP(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	if testing.Short() {
		t.Skip("-short: acknowledgements are lost for seconds")
	}
	t.Parallel()
	for name, test := range map[string]struct {
		profile string
		through bool
	}{
		"the kernel's default": {"", false},
		"profile server":       {"server", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := map[string]string{"tcp_mtu_probing": "0"}
			if test.profile != "" {
				var err error
				if set, err = probingOf(test.profile); err != nil {
					t.Fatal(err)
				}
				if set["tcp_mtu_probe_floor"] == "" || set["tcp_base_mss"] == "" {
					t.Errorf("probes without a floor: %v", set)
				}
			}
			took, err := throughHole(set, 1280, 30*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			if (took != never) != test.through {
				t.Errorf("took %v with %v", took, set)
			}
		})
	}
}
