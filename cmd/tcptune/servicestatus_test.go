package main

import (
	"strings"
	"testing"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

// D-Bus says of a unit without drop-ins that it has an empty list of them.
func TestAUnitWithoutDropInsIsChangedByNobody(t *testing.T) {
	var out strings.Builder
	terminal{}.showService(&out, report.Service{Target: "x", State: provision.ServiceActive, Units: []report.ServiceUnit{
		{Target: "x.socket", Active: "active", Sub: "listening", File: "enabled", DropIns: []string{}},
		{Target: "x.service", Active: "active", Sub: "running", File: "static", DropIns: []string{"/etc/systemd/system/x.service.d/a.conf"}},
	}})
	for _, want := range []string{
		"active (listening), enabled\n", "active (running), static, changed by /etc/systemd/system/x.service.d/a.conf\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("want %q in:\n%s", want, out.String())
		}
	}
}
