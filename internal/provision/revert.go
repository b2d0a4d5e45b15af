package provision

import (
	"context"
	"fmt"
	"slices"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/service"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/catalogue"
)

// Reverted is what became of the way back.
type Reverted struct {
	Outcome
	Strays bool // there are files of ours that the journal knows nothing of
}

// Revert takes the tuning back, to before the first apply.
func (t Target) Revert(ctx context.Context) (out Reverted, err error) {
	s, notes, err := t.open(ctx)
	if err != nil {
		return out, err
	}
	defer s.end(&out.Outcome, &err)
	out.Outcome = s.outcome(notes)
	if w := s.Journal().Window; w != nil {
		undone, err := s.Expire(ctx, w.ID)
		out.Report.Changes = plan.Rows(undone)
		if err != nil {
			return out, err
		}
		out.note("the unconfirmed apply is taken back")
	}
	p, said, strays, err := planRevert(ctx, s.host, s.Journal())
	if err != nil {
		return out, err
	}
	out.note(said...)
	out.note(strays...)
	noted := len(s.Notes)
	changes, err := s.carry(&out.Outcome, func() ([]plan.Change, error) { return s.Apply(ctx, p) })
	if err != nil {
		return out, err
	}
	if err := forgetUnits(ctx, s.host, changes); err != nil {
		out.note(err.Error())
	}
	out.Strays = strays != nil
	if out.Partial = report.Left(out.Report.Changes) || len(s.Notes) > noted || out.Strays; out.Partial {
		out.Code = report.ExitPartial
	}
	return out, nil
}

// RevertPlan says what [Target.Revert] would do. It changes nothing and needs no root.
func (t Target) RevertPlan(ctx context.Context) (out Reverted, err error) {
	h, err := t.host()
	if err != nil {
		return out, err
	}
	j, notes, err := recall(h)
	if err != nil {
		return out, err
	}
	p, said, strays, err := planRevert(ctx, h, j)
	if err != nil {
		return out, err
	}
	out.Outcome = outcome(slices.Concat(notes, strays, said))
	if j.Window != nil {
		p.Changes = append(j.Window.Back(), p.Changes...)
	}
	out.Report.Changes, out.Strays = plan.Rows(p.Changes), strays != nil
	out.Partial = j.Rebuilt() || report.Left(out.Report.Changes) || out.Strays
	switch {
	case out.Report.Summed().WouldChange:
		out.Code = report.ExitDiffers
	case out.Partial:
		out.Code = report.ExitPartial
	}
	return out, nil
}

// planRevert plans the way back. notes say what stays, strays are files of ours that the journal knows nothing of.
func planRevert(ctx context.Context, h host.Host, j plan.Journal) (p plan.Plan, notes, strays []string, err error) {
	cat, err := catalogue.Load()
	if err != nil {
		return p, nil, nil, err
	}
	survey, err := sysctl.Observe(h, cat, j.Without(service.Sources).Without(installer.Sources), nil)
	if err != nil {
		return p, nil, nil, err
	}
	if h.Live() && survey.OwnsLinks() {
		if err := survey.ObserveLinks(h); err != nil {
			return p, nil, nil, err
		}
	}
	if err := survey.ObserveReturning(); err != nil {
		return p, nil, nil, err
	}
	for _, path := range survey.Strays() {
		strays = append(
			strays,
			path+" was written by tcptune, but the journal that says what was before is gone: remove it by hand",
		)
	}
	p, left, err := withoutDeclared(ctx, h, j, sysctl.Revert(&survey, cat))
	return p, append(staying(j), left...), strays, err
}

// staying says of installed services, the timer and toolchains that they are no part of the tuning.
func staying(j plan.Journal) (notes []string) {
	specs, err := service.Installed(j)
	if err != nil {
		return []string{err.Error()}
	}
	for _, s := range specs {
		if s.Declared {
			continue
		}
		notes = append(
			notes,
			fmt.Sprintf("service %s stays; to remove it: sudo tcptune service uninstall %s", s.Name, s.Name),
		)
	}
	if timer, err := service.InstalledTimer(j); err != nil || timer != nil {
		notes = append(notes, "the timer of the metrics stays; to remove it: sudo tcptune metrics --remove-timer")
	}
	for _, o := range j.Owned {
		if o.Kind == report.Tree {
			return append(notes, "Go stays; to remove it: sudo tcptune go remove --all")
		}
	}
	return notes
}
