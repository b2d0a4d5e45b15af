package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/catalogue"
)

// draft is what a host needs to become as wanted, and how that was found.
type draft struct {
	*sysctl.Draft
	options sysctl.Options
	origin  string                      // where the options come from
	ready   func(context.Context) error // makes ready what the plan needs; nil for nothing
}

// makeDraft looks at h and plans what the flags of c, or else o, ask for. It changes nothing.
// With retry it tries again what the kernel has refused before.
func makeDraft(c *cli.Context, h host.Host, j plan.Journal, o *sysctl.Options, retry bool) (draft, error) {
	var d draft
	var err error
	if o != nil {
		d.options, d.origin = *o, "from the saved plan"
	} else if d.options, d.origin, err = wanted(c, h, j); err != nil {
		return d, err
	}
	cat, err := catalogue.Load()
	if err != nil {
		return d, err
	}
	profile, notes, err := d.options.LoadProfile(h, cat)
	if err != nil && !c.IsSet("profile") {
		err = standingError{err, d.origin}
	}
	var fixed *sysctl.NotSizedError
	if errors.As(err, &fixed) && (c.IsSet("bandwidth") || c.IsSet("rtt") || c.IsSet("flows")) {
		err = report.Usage(fixed.Error(), "tcptune profile list tells which profiles are sized")
	}
	if err != nil {
		return d, err
	}
	survey, err := sysctl.Observe(h, cat, j, profile.KeyNames())
	if err != nil {
		return d, err
	}
	survey.Retry = retry
	if h.Live() && (d.options.LiveQdisc || survey.OwnsLinks()) {
		if err := survey.ObserveLinks(h); err != nil {
			return d, err
		}
	}
	if d.Draft, err = sysctl.Diff(&survey, cat, profile, d.options); err != nil {
		return d, err
	}
	d.Warnings = append(d.Warnings, notes...)
	for _, path := range survey.Strays() {
		d.Warnings = append(d.Warnings, path+" was written by tcptune, but the journal knows nothing of it")
	}
	switch {
	case h.InAnotherNetwork():
		d.Blocked = plan.ErrOtherNamespace
	case h.InChroot():
		d.Blocked = plan.ErrChroot
	}
	d.Wanted, err = json.Marshal(d.options)
	return d, err
}

// look observes the host of a command that changes nothing, and plans for it.
func look(c *cli.Context, o *sysctl.Options) (h host.Host, j plan.Journal, d draft, err error) {
	if h, err = hostOf(c); err != nil {
		return h, j, d, err
	}
	notes, err := requireSupport(c, h)
	if err != nil {
		return h, j, d, err
	}
	j, found, err := recall(h)
	if err != nil {
		return h, j, d, err
	}
	notes = append(notes, found...)
	if d, err = makeDraft(c, h, j, o, false); err != nil {
		return h, j, d, err
	}
	d.Warnings = append(notes, d.Warnings...)
	return h, j, d, nil
}

// recall reads the journal for a command that changes nothing. The notes are what a command that does would repair; a
// window that a reboot has ended is not in j any more.
func recall(h host.Host) (j plan.Journal, notes []string, err error) {
	if j, err = plan.ReadJournal(h); err != nil {
		return j, nil, err
	}
	boot, err := plan.BootID(h)
	if err != nil {
		return j, nil, err
	}
	notes = append(notes, j.Notices...)
	if n := j.Interrupted(); n != "" {
		notes = append(notes, n)
	}
	switch {
	case j.OtherNamespace(boot):
		notes = append(notes, "what tcptune remembers of this system is about another network namespace")
	case j.Window != nil && j.Window.BootID != boot:
		notes = append(notes, "an apply was not confirmed before the reboot, which took it back")
		j.Window = nil
	case j.Window != nil:
		notes = append(notes, windowNote(h.BootClock, j.Window))
	}
	return j, notes, nil
}

// refuse says why d must not be applied: a file of somebody else is in the way, or it is not the saved plan any more.
func (d draft) refuse(saved *plan.Plan) error {
	if d.Blocked != nil {
		return d.Blocked
	}
	if saved == nil {
		return nil
	}
	if moved := plan.Moved(*saved, d.Plan); moved != nil {
		return plan.MovedOn(moved)
	}
	return nil
}

// envelope is one that holds changes and warnings, and nothing else.
func envelope(changes []plan.Change, warnings []string) report.Report {
	return report.Report{Schema: report.Schema, Changes: plan.Rows(changes), Warnings: warnings}
}

// partial reports whether some change is refused, skipped or overridden.
func partial(changes []report.Change) bool {
	return slices.ContainsFunc(changes, report.Change.Partial)
}

// changed reports whether something is not as it was.
func changed(changes []report.Change) bool { return slices.ContainsFunc(changes, report.Change.Moved) }
