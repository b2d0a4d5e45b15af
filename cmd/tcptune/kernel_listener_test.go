package main

import (
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/report"
)

// TestKernelAListenerAmongThePortsForConnectionsIsNamed: plan, apply and check name it and offer a list that drops
// nothing, until the host reserves it.
func TestKernelAListenerAmongThePortsForConnectionsIsNamed(t *testing.T) {
	r, ok := enter(t)
	if !ok {
		return
	}
	r.set("net.ipv4.ip_local_port_range", "32768 60999")
	r.set("net.ipv4.ip_local_reserved_ports", "39000,50000")
	r.listen("127.0.0.1:40000")
	r.listen("127.0.0.1:30000")
	const offer = ",40000,50000" // behind what the profile reserves, or the host
	named := func(text string) {
		r.Helper()
		r.says(text, "40000 (")
		r.says(text, offer)
		if strings.Contains(text, "30000 (") {
			r.Errorf("names a port outside of the range:\n%s", text)
		}
	}
	named(r.run(report.ExitDiffers, "plan", "--profile", "room").err)
	named(r.run(report.ExitDone, "apply", "--profile", "room").err)
	named(r.run(report.ExitDone, "check").out)

	r.set("net.ipv4.ip_local_reserved_ports", "40000,50000")
	for _, got := range []result{r.run(report.ExitDiffers, "plan", "--profile", "room"), r.run(report.ExitDone, "check")} {
		if strings.Contains(got.out+got.err, "40000 (") {
			r.Errorf("names a port that is reserved:\n%s", got)
		}
	}

	r.set("net.ipv4.ip_local_port_range", "1024 65535")
	r.says(r.run(report.ExitDiffers, "plan", "--profile", "room").err, "begins at 1024")
	r.says(r.run(report.ExitDone, "check").out, "begins at 1024")
}
