package provision

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tcptune/tcptune/check"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/service"
)

// Check says whether the host is supported, and what is wrong with it. With strict a warning is as bad as a failure; with
// production it also says whether the host may be put before clients.
func (t Target) Check(ctx context.Context, strict, production bool) (out Outcome, err error) {
	h, err := t.host()
	if err != nil {
		return out, err
	}
	result := check.Run(ctx, h, check.Options{
		AllowUnsupported: t.AllowUnsupported,
		Listeners:        func(ctx context.Context) ([]check.Listener, error) { return allListeners(ctx, h) },
	})
	out = outcome(nil)
	out.Report.Checks = result.Checks
	if j, _, err := recall(h); err == nil { // what is wrong with the journal is said by those who need it
		out.note(strayNames(h, j)...)
		out.Report.Checks = append(out.Report.Checks, checkServices(ctx, h, j)...)
	}
	var added []report.Check
	if production {
		if err := requireLive(h); err != nil {
			return out, err
		}
		j, _, err := recall(h)
		if err != nil {
			return out, err
		}
		added = t.production(ctx, h, j)
		out.Report.Checks = append(out.Report.Checks, added...)
	}
	for _, k := range out.Report.Checks {
		if k.Grade == report.Fail || k.Grade == report.Warn && strict || production && stands(k, added) {
			out.Code = report.ExitDiffers
		}
	}
	if result.Supported.Level == check.LevelUnsupported && !t.AllowUnsupported {
		return out, unsupported(result.Supported.Reason)
	}
	return out, nil
}

// requireLive refuses what is about a host that runs.
func requireLive(h host.Host) error {
	if !h.Live() {
		return fmt.Errorf("cannot check an image before production: %w", host.ErrNoKernel)
	}
	return nil
}

// renewTime is how long before it expires a certificate is renewed by all that renews by itself: ACME clients do it a third
// of its life before, which is 30 days, and shorter ones come.
const renewTime = 7 * 24 * time.Hour

// soonExpired lowers the grade of a service whose certificate has expired, or nobody renews.
func soonExpired(c *report.Check, s report.Service, now time.Time) {
	if s.Server == nil {
		return
	}
	at, err := time.Parse(time.RFC3339, s.Server.Expires)
	if err != nil || c.Grade != report.Pass || at.Sub(now) > renewTime {
		return
	}
	c.Grade, c.Reason = report.Warn, "its certificate expires on "+at.UTC().Format(time.DateTime)+" UTC"
	if at.Before(now) {
		c.Grade, c.Reason = report.Fail, "its certificate expired on "+at.UTC().Format(time.DateTime)+" UTC"
	}
	c.Fix = "renew the file, then: sudo tcptune service reload " + s.Target
}

// checkServices says how the services are doing that tcptune has installed.
func checkServices(ctx context.Context, h host.Host, j plan.Journal) (checks []report.Check) {
	if !h.SystemdRunning() {
		return nil
	}
	specs, err := service.Installed(j)
	if err != nil {
		return nil
	}
	for _, spec := range specs {
		c := report.Check{Name: "service-" + spec.Name, Grade: report.Pass}
		s, err := service.Status(ctx, h, spec.Name, &spec)
		switch {
		case err != nil:
			c.Grade, c.Value, c.Reason = report.Warn, "not visible", err.Error()
		case s.State == service.StateActive:
			c.Value, c.Reason = s.State, s.Reason
		case s.State == service.StateInactive:
			c.Grade, c.Value = report.Warn, s.State
			c.Reason, c.Fix = s.Reason, service.Opens(s)
		default:
			c.Grade, c.Value, c.Reason = report.Fail, s.State, s.Reason
			c.Fix = "tcptune service status " + spec.Name + " shows what it has logged last"
		}
		soonExpired(&c, s, time.Now())
		if len(s.Journal) > 0 {
			c.Reason = strings.TrimPrefix(c.Reason+"; it says: "+s.Journal[len(s.Journal)-1], "; ")
		}
		checks = append(checks, c)
	}
	return checks
}
