package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/tcptune/tcptune/internal/report"
)

// TestKernelDiagnoseLeadsToAProfileThatHelps: what is found gives a profile of that key alone, and once it is applied the
// finding has gone.
func TestKernelDiagnoseLeadsToAProfileThatHelps(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.check(exec.Command("ip", "link", "set", "lo", "up").Run())
	r.set("net.ipv4.ip_local_port_range", "40000 40099")
	r.listen("127.0.0.1:30000")
	var conns []net.Conn
	for range 101 {
		c, err := net.Dial("tcp", "127.0.0.1:30000")
		if errors.Is(err, syscall.EADDRNOTAVAIL) {
			break
		}
		r.check(err)
		conns = append(conns, c)
	}
	if len(conns) != 100 {
		r.Fatalf("%d connections found a port, want 100", len(conns))
	}
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	got := r.run(report.ExitDone, "diagnose", "--for", "100ms", "--json", "--write-profile", "measured")
	rules := func(rep report.Report) (names []string) {
		for _, f := range *rep.Findings {
			if f.Certainty != "hint" { // of the whole machine, which may be busy
				names = append(names, f.Certainty+" "+f.Rule)
			}
		}
		return names
	}
	if found := rules(r.report(got)); !slices.Equal(found, []string{"certain ephemeral-ports"}) {
		r.Fatalf("found %v", found)
	}
	profile, err := os.ReadFile("/etc/tcptune/profiles.d/measured.yaml")
	r.check(err)
	r.says(string(profile), `value: "10240 65535"`)
	r.says(string(profile), "100 of 100 ports are taken towards 127.0.0.1:30000")
	if n := strings.Count(string(profile), "- key:"); n != 1 {
		r.Errorf("the profile has %d keys, want the one that was advised:\n%s", n, profile)
	}
	r.says(r.run(report.ExitDiffers, "plan", "--profile", "measured").out, "net.ipv4.ip_local_port_range")
	r.run(report.ExitDone, "apply", "--profile", "measured")

	before := filepath.Join(t.TempDir(), "before.json")
	r.check(os.WriteFile(before, []byte(got.out), 0o600))
	after := r.report(r.run(report.ExitDone, "diagnose", "--for", "100ms", "--json", "--before", before))
	if found := rules(after); found != nil {
		r.Errorf("found %v after the advice", found)
	}
	if gone := after.Observed[0].Gone; !slices.Equal(gone, []string{"ephemeral-ports port 30000, outgoing"}) {
		r.Errorf("gone: %q", gone)
	}
}
