package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/catalogue"
)

// draft is what a host needs to become as wanted, and how that was found.
type draft struct {
	*sysctl.Draft
	options sysctl.Options
	origin  string                      // where the options come from
	ready   func(context.Context) error // makes ready what the plan needs; nil for nothing
	server  *installing                 // the service that is declared; nil for none
}

// wish is what a draft is made for: the tuning that is asked for, or the options of a saved plan.
type wish struct {
	Tuning
	saved    *savedPlan // nil: Tuning says it
	declared declared
	retry    bool // try again what the kernel has refused before

	// begin is called once it is known what is declared, before anything else is looked at; nil for nothing.
	begin func(host.Host, plan.Journal, declared)
}

// draft looks at h and plans what w asks for. It changes nothing.
func (w wish) draft(h host.Host, j plan.Journal) (d draft, err error) {
	if w.saved != nil {
		d.options, d.origin = w.saved.options, "from the saved plan"
	} else if d.options, d.origin, err = w.wanted(w.declared, j); err != nil {
		return d, err
	}
	h.Trail().Step("wants", slog.String("profile", d.options.Profile), slog.String("rule", d.origin))
	cat, err := catalogue.Load()
	if err != nil {
		return d, err
	}
	profile, notes, err := d.options.LoadProfile(h, cat)
	if err != nil {
		return d, w.unusable(err, d.origin)
	}
	survey, err := sysctl.Observe(h, cat, j, profile.KeyNames(), profile.Values()...)
	if err != nil {
		return d, err
	}
	survey.Retry = w.retry
	if err := survey.ObserveRetired(h, cat, d.options.Retire); err != nil {
		return d, err
	}
	if h.Live() && (d.options.LiveQdisc || survey.OwnsLinks()) {
		if err := survey.ObserveLinks(h); err != nil {
			return d, err
		}
	}
	if d.Draft, err = sysctl.Diff(&survey, cat, profile, d.options); err != nil {
		return d, err
	}
	d.Warnings = append(append(d.Warnings, notes...), strayNames(h, j)...)
	for _, path := range survey.Strays() {
		d.Warnings = append(d.Warnings, path+" was written by tcptune, but the journal knows nothing of it")
	}
	switch {
	case h.InAnotherNetwork():
		d.Blocked = plan.ErrOtherNamespace
	case h.InChroot():
		d.Blocked = plan.ErrChroot
	}
	standing := d.options
	standing.Retire = nil
	d.Wanted, err = json.Marshal(standing)
	return d, err
}

// unusable says why no profile can be loaded. What the caller has not named, and what does not fit together, is told
// apart.
func (w wish) unusable(err error, origin string) error {
	if report.Is(err, sysctl.CodeNotSized) && w.sized() {
		return report.Usage(err.Error(), "tcptune profile list tells which profiles are sized")
	}
	if w.Profile != nil {
		return err
	}
	told := report.Describe(err)
	if told.Exit == report.ExitUsage { // nobody has mistyped anything now
		told.Exit = report.ExitFailed
	}
	told.Message = fmt.Sprintf("%v (%s)", err, origin)
	return &told
}

// look observes the host of a request that changes nothing, and plans for it.
func (t Target) look(w *wish) (h host.Host, j plan.Journal, d draft, err error) {
	if h, err = t.host(); err != nil {
		return h, j, d, err
	}
	notes, err := t.requireSupport(h)
	if err != nil {
		return h, j, d, err
	}
	j, found, err := recall(h)
	if err != nil {
		return h, j, d, err
	}
	if w.declared, err = readDeclared(h); err != nil {
		return h, j, d, err
	}
	if w.begin != nil {
		w.begin(h, j, w.declared)
	}
	if d, err = w.draft(h, j); err != nil {
		return h, j, d, err
	}
	d.Warnings = append(append(notes, found...), d.Warnings...)
	return h, j, d, nil
}

// refuse says why d must not be applied: a file of somebody else is in the way, or it is not the saved plan any more.
func (d draft) refuse(saved *savedPlan) error {
	if d.Blocked != nil {
		return d.Blocked
	}
	if saved == nil {
		return nil
	}
	if moved := plan.Moved(saved.plan, d.Plan); moved != nil {
		return plan.MovedOn(moved)
	}
	return nil
}

// makeReady does what has to be done before d can be applied.
func (d draft) makeReady(ctx context.Context) error {
	if d.ready == nil {
		return nil
	}
	return d.ready(ctx)
}
