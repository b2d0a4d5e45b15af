package plan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// undo brings every target of t back to where it was, last change first, and returns what became of each. A target that
// holds neither its former nor its wanted value was changed by somebody else since; it is Kept. After a reboot only files
// are undone: the kernel has forgotten the rest.
//
// What cannot be restored is Failed and returned in left as well; it is no reason to leave the rest.
func (s *Session) undo(ctx context.Context, t Transaction) (undone []Change, left []record) {
	for _, r := range undoOrder(t.Changes) {
		if t.BootID != s.bootID && r.Kind != File && r.Kind != Folder {
			continue
		}
		c := r.back()
		if err := s.undoOne(ctx, r, &c); err != nil {
			c.Status, c.Reason = Failed, err.Error()
			left = append(left, r)
		}
		undone = append(undone, c)
	}
	return undone, left
}

// leftAlone names, one line each, what an undo had to leave.
func leftAlone(undone []Change) (lines []string) {
	for _, c := range undone {
		switch c.Status {
		case Kept:
			lines = append(lines, fmt.Sprintf("%s %s is left as it is, %s: %s", c.Kind, c.Target, show(c.Effective), c.Reason))
		case Failed:
			lines = append(lines, fmt.Sprintf("%s %s cannot be restored: %s", c.Kind, c.Target, c.Reason))
		}
	}
	return lines
}

// undoOrder is the reverse of the order of the changes, but queue disciplines come last: giving one back to the kernel
// makes it read net.core.default_qdisc, which must be itself again by then.
func undoOrder(records []record) []record {
	order := slices.Clone(records)
	slices.Reverse(order)
	slices.SortStableFunc(order, func(a, b record) int {
		return rank(a.Kind == Qdisc) - rank(b.Kind == Qdisc)
	})
	return order
}

func rank(last bool) int {
	if last {
		return 1
	}
	return 0
}

// undoOne brings one target back, and says in c what became of it.
func (s *Session) undoOne(ctx context.Context, r record, c *Change) error {
	e := s.effects[r.Kind]
	before, after := (*string)(r.Before), (*string)(r.After)
	if r.Kind == File {
		if err := s.h.RemoveTemp(r.Target); err != nil {
			return err
		}
	}
	now, err := e.observe(r.Target)
	if errors.Is(err, errOdd) {
		c.Status, c.Reason = Kept, err.Error()
		return nil
	}
	if err != nil {
		return err
	}
	c.Effective = now
	if alike(e, now, before) {
		c.Status = Unchanged
		return nil
	}
	ours := alike(e, now, after)
	if !ours && now != nil && before != nil && after != nil {
		ours = e.torn(*now, *before, *after)
	}
	if !ours {
		c.Status, c.Reason = Kept, "somebody else has changed it since"
		return nil
	}
	if err := s.restore(ctx, r); err != nil {
		return err
	}
	c.Status, c.Effective = Applied, before
	return nil
}

// restore writes the former value and reads it back.
func (s *Session) restore(ctx context.Context, r record) error {
	e := s.effects[r.Kind]
	before := (*string)(r.Before)
	mode := fs.FileMode(r.Mode)
	if werr := e.write(ctx, r.Target, before, mode); werr != nil {
		if (r.Kind == Module || r.Kind == Folder) && e.refusal(werr) != "" {
			return nil // a loaded module and a folder in use do no harm
		}
		return werr
	}
	now, err := e.observe(r.Target)
	if err != nil {
		return err
	}
	if !alike(e, now, before) {
		return fmt.Errorf("is %s after writing %s back", show(now), show(before))
	}
	return nil
}

func alike(e effector, a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return e.same(*a, *b)
}
