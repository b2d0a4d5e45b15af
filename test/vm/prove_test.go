package vm

import (
	"strings"
	"testing"
)

// TestPathsOfBothKindsShowTheSame runs what tcptune prove must show on a kernel that has netem: over it and over our own
// emulator, side by side, and with iperf3 over the same path.
func TestPathsOfBothKindsShowTheSame(t *testing.T) {
	wholeList(t)
	program := compiled(t, "test", "-c", "../../prove")
	for _, name := range []string{"BBROverCUBIC", "ALargerReceiveBufferOnALongFatPath", "Iperf3MeasuresTheSame"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := Alone(t, Lone{Memory: 1024, Fast: true, Files: map[string]string{"prove.test": program}, Script: `
modprobe -a tcp_bbr sch_fq sch_netem tun veth
cd /tmp && /files/prove.test -test.v -test.run TestLong` + name + ` -long -test.timeout 3h`})
			t.Log(out)
			for _, kind := range []string{"netem", "tun"} {
				if !strings.Contains(out, "--- PASS: TestLong"+name+"/"+kind) {
					t.Errorf("not shown over %s", kind)
				}
			}
			if !strings.HasSuffix(out, "\nPASS\nexit 0\n") {
				t.Errorf("it ended with %s", out[max(0, len(out)-200):])
			}
		})
	}
}
