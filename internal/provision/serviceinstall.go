package provision

import (
	"context"
	"fmt"
	"time"

	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/portcheck"
	"github.com/tcptune/tcptune/service"
)

// InstallService asks for a service.
type InstallService struct {
	Spec     Service
	Now      bool // start it, and prove that it answers
	FreePort bool // with Now: stop what holds the port
}

// InstalledService is what became of that.
type InstalledService struct {
	Outcome
	Seen    string   // what a client has got from it; "" where none asked
	Booted  bool     // systemd runs, so that it could be started by hand
	Sockets []string // its socket units for clients
}

// InstallService puts a service on the host, as one transaction. What FreePort has stopped stays so, also when that
// fails.
func (t Target) InstallService(ctx context.Context, r InstallService) (out InstalledService, err error) {
	known, err := t.mayChange()
	if err != nil {
		return out, err
	}
	s, notes, err := t.openSettled(ctx)
	if err != nil {
		return out, err
	}
	defer s.end(&out.Outcome, &err)
	out.Outcome = s.outcome(append(known, notes...))
	i := installing{spec: r.Spec.Settled(s.host, s.Journal()), host: s.host, now: r.Now, journal: s.Journal()}
	if i.plan, err = i.draft(ctx, &out.Outcome); err != nil {
		return out, err
	}
	if err := i.checkPorts(ctx, &out.Outcome, r.FreePort); err != nil {
		return out, err
	}
	if err := i.freePorts(ctx, &out.Outcome); err != nil {
		return out, err
	}
	out.Booted, out.Sockets = s.host.SystemdRunning(), i.spec.Sockets()
	err = s.install(ctx, &i, &out.Outcome)
	out.Seen = i.seen
	return out, err
}

// journalLines is how much of the journal a failed start shows.
const journalLines = 6

// install carries the plan out.
func (s session) install(ctx context.Context, i *installing, o *Outcome) error {
	prove := func(ctx context.Context) error { return i.prove(ctx, o) }
	began := time.Now()
	_, err := s.carry(o, func() ([]plan.Change, error) {
		changes, err := s.ApplyProven(ctx, i.plan, prove)
		if err == nil && i.plan.Empty() {
			err = prove(ctx)
		}
		return changes, err
	})
	i.conclude(ctx, o, began, s.FailedAt, err)
	if err == nil && report.Left(o.Report.Changes) {
		o.Code = report.ExitPartial
	}
	return err
}

// prove shows that the service answers, and has taken up its limits.
func (i *installing) prove(ctx context.Context, o *Outcome) (err error) {
	if i.now {
		i.seen, err = service.Prove(ctx, i.host, i.spec)
	}
	if err != nil || !service.Reloads(i.plan.Changes) {
		return err
	}
	note, err := service.ReadBack(ctx, i.host, i.spec)
	o.note(note)
	return err
}

// conclude notes what the service has logged from began until it was given up, or whom it cannot be reached by.
func (i *installing) conclude(ctx context.Context, o *Outcome, began, failed time.Time, err error) {
	switch {
	case !i.now:
	case err != nil:
		for _, line := range service.LastWords(context.WithoutCancel(ctx), i.host, i.spec.Units(), began, failed, journalLines) {
			o.note("journal: " + line)
		}
	default:
		o.note(i.spec.Shut(ctx, i.host)...)
	}
}

// InstallServicePlan says what [Target.InstallService] would do. It changes nothing and needs no root.
func (t Target) InstallServicePlan(ctx context.Context, r InstallService) (out Outcome, err error) {
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
	out = outcome(append(known, notes...))
	i := installing{spec: r.Spec.Settled(h, j), host: h, now: r.Now, journal: j}
	if i.plan, err = i.draft(ctx, &out); err != nil {
		return out, err
	}
	if err := i.checkPorts(ctx, &out, r.FreePort); err != nil {
		return out, err
	}
	out.Report.Changes = append(portcheck.Rows(i.acts), plan.Rows(i.plan.Changes)...)
	if report.Left(out.Report.Changes) {
		out.Code = report.ExitPartial
	}
	return out, nil
}

// draft plans the installation, and notes which other services are to listen in the same place.
func (i installing) draft(ctx context.Context, o *Outcome) (plan.Plan, error) {
	if err := service.CheckFiles(i.host, i.spec); err != nil {
		return plan.Plan{}, err
	}
	unknown, err := service.Try(ctx, i.host, i.spec)
	if err != nil {
		return plan.Plan{}, err
	}
	o.note(unknown)
	notes, err := service.Judge(ctx, i.host, i.spec)
	if err != nil {
		return plan.Plan{}, err
	}
	o.note(notes...)
	others, err := service.Installed(i.journal)
	if err != nil {
		return plan.Plan{}, err
	}
	rivals, err := i.spec.Rivals(others)
	if err != nil {
		return plan.Plan{}, err
	}
	o.note(rivals...)
	if err := i.notePorts(o); err != nil {
		return plan.Plan{}, err
	}
	return service.Install(ctx, i.host, i.journal, i.spec, i.now)
}

// RequireSystemd refuses what needs a running systemd on the target.
func (t Target) RequireSystemd() error {
	h, err := t.host()
	if err != nil {
		return err
	}
	return requireSystemd(h)
}

// findService returns what is known of an installed service.
func findService(j plan.Journal, name string) (service.Spec, error) {
	specs, err := service.Installed(j)
	if err != nil {
		return service.Spec{}, err
	}
	for _, s := range specs {
		if s.Name == name {
			return s, nil
		}
	}
	return service.Spec{}, &report.Error{
		Code: "no-such-service", Message: fmt.Sprintf("cannot find the service %s: tcptune has installed none of that name", name),
		Hint: "tcptune service status lists what is installed",
	}
}
