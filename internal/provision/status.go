package provision

import (
	"context"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// Status is the truth about the tuning of a host.
type Status struct {
	Outcome
	Origin  string
	Blocked error // why an apply will be refused; nil if it will not
	Waits   bool  // an apply waits for its confirmation
}

// Status says for each key what is wanted, runs and will be. It changes nothing and needs no root.
func (t Target) Status(ctx context.Context, tuning Tuning) (out Status, err error) {
	goDrift := func() (string, error) { return "", nil }
	w := wish{Tuning: tuning, begin: func(h host.Host, j plan.Journal, is declared) {
		goDrift = beside(h, func() (string, error) { return is.Go.drift(ctx, h, j) })
	}}
	h, j, d, err := t.look(&w)
	if err != nil {
		_, _ = goDrift() // what was begun is waited for
		return out, err
	}
	drift, err := d.drift(ctx, h, j, w.declared, goDrift)
	if err != nil {
		return out, err
	}
	tuned := d.tuned(outcome(d.Warnings))
	out = Status{Outcome: tuned.Outcome, Origin: tuned.Origin, Blocked: d.Blocked, Waits: j.Window != nil}
	if d.Blocked != nil {
		out.note("apply will refuse: " + d.Blocked.Error())
	}
	out.Report.Keys, out.Report.DeadLines = d.Keys(), d.DeadNow()
	out.Code = d.statusCode(j, out.Report.Keys)
	if drift != nil {
		out.Code = report.ExitDiffers
		out.note(drift...)
	}
	return out, nil
}

// beside begins a look that takes long, and returns what waits for it. A trail tells one thing after the other.
func beside(h host.Host, look func() (string, error)) func() (string, error) {
	if h.Trail().On() {
		return look
	}
	done := make(chan struct{})
	var line string
	var err error
	go func() {
		defer close(done)
		line, err = look()
	}()
	return func() (string, error) {
		<-done
		return line, err
	}
}

func (d draft) statusCode(j plan.Journal, keys []report.Key) int {
	if !d.Converged() || j.Pending != nil || d.Blocked != nil {
		return report.ExitDiffers
	}
	// A key of another profile that cannot be given back is none of the keys.
	if j.Rebuilt() || d.Unread() != nil || report.Partial(plan.Rows(d.Changes)) {
		return report.ExitPartial
	}
	for _, k := range keys {
		if k.Status.Partial() {
			return report.ExitPartial
		}
	}
	return report.ExitDone
}
