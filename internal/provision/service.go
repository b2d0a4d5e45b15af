package provision

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/service"
)

// UninstallService removes a service that tcptune has installed.
func (t Target) UninstallService(ctx context.Context, name string) (out Outcome, err error) {
	s, notes, err := t.openSettled(ctx)
	if err != nil {
		return out, err
	}
	defer s.end(&out, &err)
	out = s.outcome(notes)
	p, stays, err := service.Uninstall(ctx, s.host, s.Journal(), name)
	if err != nil {
		return out, err
	}
	out.note(stays...)
	changes, err := s.carry(&out, func() ([]plan.Change, error) { return s.Apply(ctx, p) })
	if err != nil {
		return out, err
	}
	if err := forgetUnits(ctx, s.host, changes); err != nil {
		out.note(err.Error())
	}
	return out.partly(), nil
}

// UninstallServicePlan says what [Target.UninstallService] would do. It changes nothing and needs no root.
func (t Target) UninstallServicePlan(ctx context.Context, name string) (out Outcome, err error) {
	h, err := t.host()
	if err != nil {
		return out, err
	}
	j, notes, err := recall(h)
	if err != nil {
		return out, err
	}
	p, stays, err := service.Uninstall(ctx, h, j, name)
	if err != nil {
		return out, err
	}
	out = outcome(append(notes, stays...))
	out.Report.Changes = plan.Rows(p.Changes)
	return out.partly(), nil
}

// partly is o with the exit code of what could not be done in full.
func (o Outcome) partly() Outcome {
	if report.Left(o.Report.Changes) {
		o.Code = report.ExitPartial
	}
	return o
}

// forgetUnits makes systemd forget that units which are no more have failed.
func forgetUnits(ctx context.Context, h host.Host, changes []plan.Change) error {
	if !h.SystemdRunning() {
		return nil
	}
	for _, unit := range service.Gone(changes) {
		if err := h.SystemManager().ResetFailed(ctx, unit); err != nil {
			return err
		}
	}
	return nil
}

// RestartService replaces the process of a service; with overlap the old one drains while the new one serves. seen is
// what a client has got from it.
func (t Target) RestartService(ctx context.Context, name string, overlap bool) (out Outcome, seen string, err error) {
	s, notes, err := t.openSettled(ctx)
	if err != nil {
		return out, "", err
	}
	defer s.end(&out, &err)
	out = s.outcome(notes)
	spec, err := findService(s.Journal(), name)
	if err != nil {
		return out, "", err
	}
	if err := requireSystemd(s.host); err != nil {
		return out, "", err
	}
	unknown, err := service.TryRestart(ctx, s.host, spec)
	if err != nil {
		return out, "", err
	}
	out.note(unknown)
	restart := service.Restart
	if overlap {
		restart = service.Overlap
	}
	began := time.Now()
	_, err = s.carry(&out, func() ([]plan.Change, error) { return restart(ctx, s.host.SystemManager(), spec) })
	out.Report.Changed = s.Repaired || len(out.Report.Changes) > 0
	if err == nil {
		seen, err = service.Prove(ctx, s.host, spec)
	}
	if err != nil {
		for _, line := range service.LastWords(context.WithoutCancel(ctx), s.host, spec.Units(), began, time.Time{}, journalLines) {
			out.note("journal: " + line)
		}
	}
	return out, seen, err
}

// The exit codes of the state of services are those of "systemctl status".
const (
	exitNotActive = 3
	exitNoUnit    = 4
)

// The states of a service.
const (
	ServiceActive  = service.StateActive
	ServiceMissing = service.StateMissing
)

// ServiceStatus says how services are doing: those of names, or all that tcptune has installed. It waits up to patience
// until all of them are up.
func (t Target) ServiceStatus(ctx context.Context, names []string, patience time.Duration) (out Outcome, err error) {
	h, err := t.host()
	if err != nil {
		return out, err
	}
	if err := requireSystemd(h); err != nil {
		return out, err
	}
	j, notes, err := recall(h)
	if err != nil {
		return out, err
	}
	specs, err := service.Installed(j)
	if err != nil {
		return out, err
	}
	out = outcome(notes)
	if len(names) == 0 {
		for _, s := range specs {
			names = append(names, s.Name)
		}
	}
	for end := time.Now().Add(patience); ; {
		up := true
		out.Report.Service = nil
		for _, name := range names {
			s, err := service.Status(ctx, h, name, specOf(specs, name))
			if err != nil {
				return out, err
			}
			up = up && (s.State == service.StateMissing || service.Up(s))
			out.Report.Service = append(out.Report.Service, s)
		}
		if up || !time.Now().Before(end) {
			break
		}
		select {
		case <-ctx.Done():
			return out, ctx.Err()
		case <-time.After(statusPace):
		}
	}
	out.Code = serviceCode(out.Report.Service)
	return out, nil
}

// statusPace is how long a status that waits pauses between two looks.
const statusPace = 200 * time.Millisecond

// specOf is what is known of a service, nil for nothing.
func specOf(specs []service.Spec, name string) *service.Spec {
	if i := slices.IndexFunc(specs, func(s service.Spec) bool { return s.Name == name }); i >= 0 {
		return &specs[i]
	}
	return nil
}

// serviceCode is that of the service which is worst off.
func serviceCode(services []report.Service) int {
	if len(services) == 0 {
		return exitNoUnit
	}
	code := report.ExitDone
	for _, s := range services {
		switch s.State {
		case service.StateActive:
		case service.StateMissing:
			code = max(code, exitNoUnit)
		default:
			code = max(code, exitNotActive)
		}
	}
	return code
}

// ServiceLogs becomes journalctl for the units of a service: it returns only with an error. first is told what is to be
// said before that. lines is how many are shown, nil for all.
func (t Target) ServiceLogs(name string, follow bool, lines *int, first func(notes []string)) error {
	h, err := t.host()
	if err != nil {
		return err
	}
	j, notes, err := recall(h)
	if err != nil {
		return err
	}
	spec, err := findService(j, name) // journalctl would take another one for a pattern
	if err != nil {
		return err
	}
	argv := append([]string{"journalctl"}, service.LogUnits(spec.Units())...)
	if follow {
		argv = append(argv, "--follow")
	}
	if lines != nil {
		argv = append(argv, "--lines="+strconv.Itoa(*lines))
	}
	// Without PATH the program is looked for in the folders of the system only.
	env := slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "PATH=") })
	first(notes)
	return h.Exec(argv, env)
}
