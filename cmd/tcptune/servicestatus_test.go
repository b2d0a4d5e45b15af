package main

import (
	"strings"
	"testing"
	"time"

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

func TestWhenACertificateExpiresIsSaidInDays(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"":                     "",
		"2026-05-30T12:00:00Z": "expires in 90 days, on 2026-05-30 12:00:00 UTC",
		"2026-03-02T11:00:00Z": "expires in 23 hours, on 2026-03-02 11:00:00 UTC",
		"2026-03-01T11:59:59Z": "expired on 2026-03-01 11:59:59 UTC",
	} {
		if got := expiry(text, now); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
