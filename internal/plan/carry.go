package plan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/tcptune/tcptune/internal/report"
)

// change makes one change and reads it back. cause says why it was not made; it is "" on success. broken means that the
// target could be left neither as wanted nor as before.
func (s *Session) change(ctx context.Context, c *Change, r record) (cause string, broken bool) {
	e := s.effects[c.Kind]
	werr := s.write(ctx, c.Ref(), c.After, writeMode(r))
	ctx = context.WithoutCancel(ctx) // an interrupt is no reason not to look
	now, oerr := e.observe(ctx, c.Target)
	s.tell("changes", c.Ref(), c.Before, c.After, now, errors.Join(werr, oerr))
	if oerr != nil {
		return "cannot read it back: " + oerr.Error(), true
	}
	c.Effective = now
	if alike(e, now, c.After) && c.Kind != report.Unit {
		c.Effective = c.After // the kernel writes tabs
	}
	switch {
	case werr == nil && alike(e, now, c.After):
		return "", false
	case werr == nil && c.Kind == report.Unit:
		cause = fmt.Sprintf("systemd has done it, and it is %s", *now)
		if u, ok := e.(unitEffect); ok {
			cause = cmp.Or(u.whyEnded(ctx, c.Target), cause)
		}
	case werr == nil:
		cause = fmt.Sprintf("the kernel made it %s", show(now))
	default:
		if cause = e.refusal(werr); cause == "" {
			cause, broken = werr.Error(), true
		}
	}
	if alike(e, now, c.Before) {
		return cause, broken
	}
	if c.Kind == report.Unit { // it needs its former files first
		return cause, true
	}
	if err := s.restore(ctx, r); err != nil {
		return fmt.Sprintf("%s, and it cannot be restored: %v", cause, err), true
	}
	c.Effective = c.Before
	return cause, broken
}

// arrived looks once more at a key that was absent when the plan was made: a module that the same plan loads may have
// brought it, with a value of its own, which is what an undo has to give back.
func (s *Session) arrived(ctx context.Context, c *Change, r *record) error {
	if c.Kind != report.Knob || c.Before != nil {
		return nil
	}
	now, err := s.effects[report.Knob].observe(ctx, c.Target)
	if err != nil || now == nil {
		return err
	}
	c.Before, r.Before = now, (*blob)(now)
	pending, next := *s.journal.Pending, s.journal
	pending.Changes = slices.Clone(pending.Changes)
	for i := range pending.Changes {
		if known := &pending.Changes[i]; known.Kind == r.Kind && known.Target == r.Target {
			known.Before = r.Before
		}
	}
	next.Pending = &pending
	return s.save(next)
}

// write changes one target. Before a unit is touched, systemd reads the files that were written until then.
func (s *Session) write(ctx context.Context, ref Ref, value *string, mode fs.FileMode) error {
	if ref.Kind == report.Unit {
		if err := s.refresh(ctx); err != nil {
			return err
		}
	}
	err := s.effects[ref.Kind].write(ctx, ref.Target, value, mode)
	s.stale = s.stale || ofUnits(ref)
	return err
}

func writeMode(r record) fs.FileMode {
	if r.Mode != 0 {
		return fs.FileMode(r.Mode)
	}
	return defaultMode
}
