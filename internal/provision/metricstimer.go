package provision

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/service"
)

// DefaultTextfile lies in the folder that node_exporter of Debian and Ubuntu reads.
const DefaultTextfile = "/var/lib/prometheus/node-exporter/tcptune.prom"

// A Timer is what a timer of the metrics is to do each minute.
type Timer struct {
	Textfile string        // where it writes
	Diagnose time.Duration // how long it looks for what limits TCP, 0: not at all
}

// metricsTimer is that timer on h, by the program of the package or one that was built here.
func (w Timer) metricsTimer(h host.Host) service.MetricsTimer {
	return service.MetricsTimer{
		Program: service.Program(h, "/usr/local/bin/tcptune", "/usr/bin/tcptune"), Textfile: w.Textfile, Diagnose: w.Diagnose,
	}
}

// InstallMetricsTimer has systemd write the metrics every minute, as one transaction. Where systemd runs,
// it has written them once before that is final.
func (t Target) InstallMetricsTimer(ctx context.Context, wanted Timer) (out Outcome, err error) {
	known, err := t.mayChange()
	if err != nil {
		return out, err
	}
	s, notes, err := t.openSettled(ctx)
	if err != nil {
		return out, err
	}
	defer s.end(&out, &err)
	out = s.outcome(append(known, notes...))
	timer := wanted.metricsTimer(s.host)
	former, err := service.InstalledTimer(s.Journal())
	if err != nil {
		return out, err
	}
	p, err := service.InstallTimer(ctx, s.host, s.Journal(), timer)
	if err != nil {
		return out, err
	}
	prove := func(ctx context.Context) error {
		if !s.host.SystemdRunning() {
			return nil
		}
		return service.ProveTimer(ctx, s.host, timer)
	}
	_, err = s.carry(&out, func() ([]plan.Change, error) { return s.ApplyProven(ctx, p, prove) })
	if err == nil && former != nil && former.Textfile != wanted.Textfile {
		out.note(discard(s.host, former.Textfile))
	}
	return out.partly(), err
}

// InstallMetricsTimerPlan says what [Target.InstallMetricsTimer] would do. It changes nothing and needs no root.
func (t Target) InstallMetricsTimerPlan(ctx context.Context, wanted Timer) (out Outcome, err error) {
	h, err := t.host()
	if err != nil {
		return out, err
	}
	known, err := t.requireSupport(h)
	if err != nil {
		return out, err
	}
	j, notes, err := recall(h)
	if err != nil {
		return out, err
	}
	p, err := service.InstallTimer(ctx, h, j, wanted.metricsTimer(h))
	if err != nil {
		return out, err
	}
	out = outcome(append(known, notes...))
	out.Report.Changes = plan.Rows(p.Changes)
	return out.partly(), nil
}

// RemoveMetricsTimer takes the timer and what it has written back.
func (t Target) RemoveMetricsTimer(ctx context.Context) (out Outcome, err error) {
	s, notes, err := t.openSettled(ctx)
	if err != nil {
		return out, err
	}
	defer s.end(&out, &err)
	out = s.outcome(notes)
	timer, err := service.InstalledTimer(s.Journal())
	if err != nil {
		return out, err
	}
	p, err := service.RemoveTimer(ctx, s.host, s.Journal())
	if err != nil {
		return out, err
	}
	changes, err := s.carry(&out, func() ([]plan.Change, error) { return s.Apply(ctx, p) })
	if err != nil {
		return out, err
	}
	if err := forgetUnits(ctx, s.host, changes); err != nil {
		out.note(err.Error())
	}
	if timer != nil {
		out.note(discard(s.host, timer.Textfile))
	}
	return out.partly(), nil
}

// RemoveMetricsTimerPlan says what [Target.RemoveMetricsTimer] would do. It changes nothing and needs no root.
func (t Target) RemoveMetricsTimerPlan(ctx context.Context) (out Outcome, err error) {
	h, err := t.host()
	if err != nil {
		return out, err
	}
	j, notes, err := recall(h)
	if err != nil {
		return out, err
	}
	p, err := service.RemoveTimer(ctx, h, j)
	if err != nil {
		return out, err
	}
	out = outcome(notes)
	out.Report.Changes = plan.Rows(p.Changes)
	return out.partly(), nil
}

// discard removes figures that nobody writes any more: node_exporter would go on to serve them, and they would grow old.
// It is no change of the plan, whose file would have to stay as it was planned, and this one changes every minute.
func discard(h host.Host, textfile string) (note string) {
	text, err := h.ReadFile(textfile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ""
	case err != nil:
		return textfile + " is left: " + host.Cause(err).Error()
	case !strings.HasPrefix(string(text), "# HELP tcptune_"):
		return textfile + " is left: these are not the figures of tcptune"
	}
	if err := h.Remove(textfile); err != nil {
		return textfile + " is left: " + host.Cause(err).Error()
	}
	return "the figures in " + textfile + " are gone with it"
}
