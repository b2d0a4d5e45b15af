package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/service"
)

// beforeProduction are the checks of every host that must pass as well before production.
func beforeProduction() []string { return []string{"reboot", "conntrack", "conntrack-hash"} }

// production says whether the host and its services may be put before clients.
func (t Target) production(ctx context.Context, h host.Host, j plan.Journal) []report.Check {
	checks := []report.Check{t.tunedCheck(ctx), clockCheck(ctx, h)}
	if !h.SystemdRunning() {
		return checks
	}
	specs, err := service.Installed(j)
	if err != nil {
		return append(checks, notSeen("services", err))
	}
	for _, spec := range specs {
		more, err := service.Production(ctx, h, spec)
		if err != nil {
			more = []report.Check{notSeen("production-"+spec.Name, err)}
		}
		checks = append(checks, more...)
	}
	return checks
}

func notSeen(name string, err error) report.Check {
	return report.Check{Name: name, Grade: report.Warn, Value: service.NotVisible, Reason: err.Error()}
}

// tunedCheck is what tcptune status says. What a host refuses is named there, and no obstacle.
func (t Target) tunedCheck(ctx context.Context) report.Check {
	const name = "tuning"
	s, err := t.Status(ctx, Tuning{})
	if err != nil {
		return notSeen(name, err)
	}
	var off []string
	for _, k := range s.Report.Keys {
		if !k.Status.Good() {
			off = append(off, fmt.Sprintf("%s is %s", k.Target, k.Status))
		}
	}
	c := report.Check{Name: name, Grade: report.Pass, Value: "as wanted", Reason: "all keys of profile " + s.Report.Profile + " are as wanted"}
	switch s.Code {
	case report.ExitDone:
	case report.ExitPartial:
		c.Grade, c.Value, c.Reason = report.Warn, "partial", strings.Join(off, ", ")
	default:
		c.Grade, c.Value, c.Reason, c.Fix = report.Fail, "not as wanted", strings.Join(off, ", "), "sudo tcptune apply"
	}
	return c
}

// clockCheck asks whether something keeps the clock right: certificates, logs and timeouts between hosts need it.
func clockCheck(ctx context.Context, h host.Host) report.Check {
	const name = "clock-sync"
	out, err := h.Run(ctx, "timedatectl", "show", "--property=NTPSynchronized", "--value")
	switch said := strings.TrimSpace(string(out)); {
	case err != nil:
		return notSeen(name, err)
	case said == "yes":
		return report.Check{Name: name, Grade: report.Pass, Value: "synchronised", Reason: "the kernel says that its clock is kept right"}
	default:
		return report.Check{
			Name: name, Grade: report.Fail, Value: "not synchronised", Fix: "sudo timedatectl set-ntp true",
			Reason: "nothing keeps the clock right: certificates and the logs of several hosts need that",
		}
	}
}

// stands reports whether a check is in the way of production: it fails, cannot be seen, or warns of what matters there.
func stands(c report.Check, added []report.Check) bool {
	unseen := c.Value == service.NotVisible && slices.Contains(added, c)
	return c.Grade == report.Fail || unseen || c.Grade != report.Pass && slices.Contains(beforeProduction(), c.Name)
}
