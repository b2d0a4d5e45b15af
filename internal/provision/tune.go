package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/service"
)

// Apply asks for the wanted state.
type Apply struct {
	Tuning
	Saved    string        // a plan in this file instead of Tuning; "": none
	Out      string        // a dry run saves its plan to this file; "": it does not
	Confirm  time.Duration // take it back after that time unless it is confirmed; 0: it stays
	Progress Progress      // is told about downloads
}

// Tuned is what became of the tuning.
type Tuned struct {
	Outcome
	Origin string // what is wanted, and where that stands: "profile server, the default"
	Image  bool   // it has files only, no running values
	Seen   string // what a client has got from the service that is declared; "" where none asked
}

func (d draft) tuned(o Outcome) Tuned {
	o.Report.Profile, o.Report.Origin, o.Report.DeadLines = d.options.Profile, d.origin, d.DeadLines()
	return Tuned{Outcome: o, Origin: d.Source() + ", " + d.origin, Image: !d.Live()}
}

// AboutTuning reports whether a change is one of the tuning, and not of the Go or the service that are declared.
func AboutTuning(c report.Change) bool {
	return c.Source != installer.Sources && !strings.HasPrefix(c.Source, service.Sources)
}

// Plan says what [Target.Apply] would do. It changes nothing and needs no root.
func (t Target) Plan(ctx context.Context, a Apply) (out Tuned, err error) {
	w := wish{Tuning: a.Tuning}
	if w.saved, err = t.readPlan(a.Saved); err != nil {
		return out, err
	}
	h, j, d, err := t.look(&w)
	if err == nil {
		err = d.withGo(ctx, t, h, j, w.declared.Go, true, a.Progress)
	}
	if err == nil {
		err = d.withServer(ctx, h, j, w.declared.Server)
	}
	if err == nil {
		err = d.warnListeners(ctx, h)
	}
	if err != nil {
		return out, err
	}
	out = d.tuned(outcome(d.Warnings))
	out.Report.Changes = plan.Rows(d.Changes)
	if err := d.refuse(w.saved); err != nil {
		return out, err
	}
	out.Partial = j.Rebuilt() || report.Partial(out.Report.Changes)
	switch {
	case !d.Empty():
		out.Code = report.ExitDiffers
	case out.Partial:
		out.Code = report.ExitPartial
	}
	if a.Out != "" {
		err = t.save(d, a.Out)
	}
	return out, err
}

// Apply brings the host to the wanted state, as one transaction.
func (t Target) Apply(ctx context.Context, a Apply) (out Tuned, err error) {
	w := wish{Tuning: a.Tuning}
	if w.saved, err = t.readPlan(a.Saved); err != nil {
		return out, err
	}
	known, err := t.mayChange()
	if err != nil {
		return out, err
	}
	s, notes, err := t.open(ctx)
	if err != nil {
		return out, err
	}
	defer s.end(&out.Outcome, &err)
	notes = append(known, notes...)
	out.Outcome = s.outcome(notes)
	if s.Journal().Window != nil {
		return out, plan.ErrWindowOpen
	}
	if w.declared, err = readDeclared(s.host); err != nil {
		return out, err
	}
	w.retry = w.saved == nil
	d, err := w.draft(s.host, s.Journal())
	if err == nil {
		err = d.warnListeners(ctx, s.host)
	}
	if err != nil {
		return out, err
	}
	if a.Confirm == 0 {
		if err = d.withGo(ctx, t, s.host, s.Journal(), w.declared.Go, false, a.Progress); err == nil {
			err = d.withServer(ctx, s.host, s.Journal(), w.declared.Server)
		}
	} else {
		var drift []string
		if drift, err = d.drift(ctx, s.host, s.Journal(), w.declared, func() (string, error) {
			return w.declared.Go.drift(ctx, s.host, s.Journal())
		}); drift != nil {
			notes = append(notes, strings.Join(drift, "; ")+": that is for an apply without --confirm")
		}
	}
	out = d.tuned(s.outcome(append(notes, d.Warnings...)))
	if err == nil {
		err = d.refuse(w.saved)
	}
	if err != nil {
		out.Report.Changes = plan.Rows(d.Changes)
		return out, err
	}
	err = s.tune(ctx, w, d, a.Confirm, &out.Outcome)
	if d.server != nil && d.server.seen != "" {
		out.Seen = d.server.spec.Name + " " + d.server.seen
	}
	return out, err
}

// drift says in what the Go and the service that are declared are not as declared. goDrift is the look at Go.
func (d draft) drift(
	ctx context.Context, h host.Host, j plan.Journal, declared declared, goDrift func() (string, error),
) (lines []string, err error) {
	for _, look := range []func() (string, error){
		goDrift,
		func() (string, error) { return d.serverDrift(ctx, h, j, declared.Server) },
	} {
		line, err := look()
		if err != nil {
			return nil, err
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// tune carries d out, with a window if one is asked for and something is to be changed.
func (s session) tune(ctx context.Context, w wish, d draft, window time.Duration, o *Outcome) error {
	apply := func() ([]plan.Change, error) { return s.applyUnconfirmed(ctx, w, d, window) }
	if window > 0 && d.Empty() {
		o.note("nothing is to be changed, so nothing waits for a confirmation")
		window = 0
	}
	if window == 0 {
		if err := d.makeReady(ctx); err != nil {
			o.Report.Changes = plan.Rows(d.Changes)
			return interrupted(ctx, err)
		}
		apply = func() (changes []plan.Change, err error) {
			err = s.serving(ctx, d, o, func(proof func(context.Context) error) (err error) {
				changes, err = s.applyAll(ctx, w, d, proof)
				return err
			})
			return changes, err
		}
	}
	_, err := s.carry(o, apply)
	if err != nil {
		return err
	}
	if window > 0 {
		o.note(fmt.Sprintf("this is taken back in %s unless you run: sudo tcptune confirm", window))
	}
	if o.Partial = report.Partial(o.Report.Changes); o.Partial {
		o.Code = report.ExitPartial
	}
	return nil
}

// applyAll applies d. When the kernel refuses what only it could know, our file must not ask for that at the next boot
// either: then the plan is made once more, with that knowledge, and the file is written without it.
func (s session) applyAll(ctx context.Context, w wish, d draft, proof func(context.Context) error) ([]plan.Change, error) {
	knewBetter := len(s.Journal().Refused) > 0 // then what was refused may have been taken now, and wants its line
	changes, err := s.ApplyProven(ctx, d.Plan, proof)
	if err != nil || !knewBetter && !tried(changes) && !brought(d.Plan, changes) {
		return changes, err
	}
	again, err := w.again(s, d)
	if err != nil {
		return changes, err
	}
	second, err := s.Apply(ctx, again.Plan)
	for _, now := range second {
		if now.Kind != report.File && !now.Moved() {
			continue
		}
		i := slices.IndexFunc(changes, func(c plan.Change) bool { return c.Ref() == now.Ref() })
		if i >= 0 {
			changes[i].After, changes[i].Effective = now.After, now.Effective
		} else {
			changes = append([]plan.Change{now}, changes...)
		}
	}
	return changes, err
}

// again makes the plan of d once more, without what the kernel has just refused.
func (w wish) again(s session, d draft) (draft, error) {
	w.retry, w.saved = false, &savedPlan{options: d.options}
	return w.draft(s.host, s.Journal())
}

// brought reports whether a module has brought a key that the plan could not see: what it came with may be more than was
// wanted.
func brought(p plan.Plan, changes []plan.Change) bool {
	for i, c := range changes {
		if c.Kind == report.Knob && c.Moved() && p.Changes[i].Before == nil {
			return true
		}
	}
	return false
}

// tried reports whether the kernel refused something that only it could know.
func tried(changes []plan.Change) bool {
	return slices.ContainsFunc(changes, func(c plan.Change) bool { return c.Tried })
}
