package plan

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
)

// undo brings every target of t back to where it was, last change first, and returns what became of each. A target that
// holds neither its former nor its wanted value was changed by somebody else since; it is Kept. After a reboot only
// files and units are undone: the kernel has forgotten the rest, but units that our files enable were started again.
//
// What cannot be restored is Failed and returned in left as well; it is no reason to leave the rest.
func (s *Session) undo(ctx context.Context, t Transaction) (undone []Change, left []record) {
	for _, r := range undoOrder(t.Changes) {
		if t.BootID != s.bootID && !lasting(r.Kind) {
			continue
		}
		c := r.back()
		if err := s.undoOne(ctx, r, &c); err != nil {
			c.Status, c.Reason = report.Failed, err.Error()
			left = append(left, r)
		}
		undone = append(undone, c)
	}
	if err := s.refresh(ctx); err != nil {
		s.note("%v: run systemctl daemon-reload", err)
	}
	return undone, left
}

// setAtBoot lists the running values that a file of t has set at a boot since, before it was undone: the kernel has not
// forgotten them but been told them again. They are ours, or the next apply would take them for the host's own.
func (s *Session) setAtBoot(ctx context.Context, t Transaction, undone []Change) (set []record) {
	read := slices.ContainsFunc(
		undone,
		func(c Change) bool { return c.Kind == report.File && c.Status == report.Applied && c.Before != nil },
	)
	if t.BootID == s.bootID || !read {
		return nil
	}
	records := t.Changes
	if w := s.journal.Window; w != nil { // t was to confirm it
		records = slices.Concat(records, w.Live)
	}
	for _, r := range records {
		if r.Kind != report.Knob || r.Release {
			continue
		}
		e := s.effects[report.Knob]
		now, err := e.observe(ctx, r.Target)
		if err == nil && alike(e, now, (*string)(r.After)) && !alike(e, now, (*string)(r.Before)) {
			set = append(set, r)
		}
	}
	return set
}

// sweep removes what was kept for an undo of changes, once there can be none. What cannot be restored stays.
func (s *Session) sweep(changes []Change) {
	for _, c := range changes {
		e, ok := s.effects[c.Kind].(sweeper)
		if !ok || c.Status == report.Failed {
			continue
		}
		if err := e.sweep(c.Target); err != nil {
			s.note("%v", err)
		}
	}
}

// lasting reports whether a reboot leaves what a change has made.
func lasting(k report.Kind) bool { return persistent(k) || k == report.Unit }

// leftAlone names, one line each, what an undo had to leave.
func leftAlone(undone []Change) (lines []string) {
	for _, c := range undone {
		switch c.Status {
		case report.Kept:
			lines = append(lines, fmt.Sprintf("%s %s is left as it is, %s: %s", c.Kind, c.Target, show(c.Effective), c.Reason))
		case report.Failed:
			lines = append(lines, fmt.Sprintf("%s %s cannot be restored: %s", c.Kind, c.Target, c.Reason))
		}
	}
	return lines
}

// undoOrder is the reverse of the order of the changes, with two exceptions. Queue disciplines come last: giving one
// back to the kernel makes it read net.core.default_qdisc, which must be itself again by then. And units that are to
// stop do so while their files are still ours, a socket before its service, which the next connection would start
// again; those that are to run start once their files are there again, in the order of the changes.
func undoOrder(records []record) []record {
	back := slices.Clone(records)
	slices.Reverse(back)
	pick := func(from []record, rank int) []record {
		return slices.DeleteFunc(slices.Clone(from), func(r record) bool { return undoRank(r) != rank })
	}
	return slices.Concat(
		pick(back, undoSocket),
		pick(back, undoUnit),
		pick(back, undoPlain),
		pick(records, undoStart),
		pick(back, undoLast),
	)
}

// The ranks of an undo.
const (
	undoSocket = iota
	undoUnit
	undoPlain
	undoStart
	undoLast
)

func undoRank(r record) int {
	switch {
	case r.Kind == report.Qdisc:
		return undoLast
	case r.Kind != report.Unit:
		return undoPlain
	case r.Before != nil && (runs(string(*r.Before)) || r.unsettled()):
		return undoStart
	case strings.HasSuffix(r.Target, ".socket"):
		return undoSocket
	}
	return undoUnit
}

// undoOne brings one target back, and says in c what became of it.
func (s *Session) undoOne(ctx context.Context, r record, c *Change) error {
	e := s.effects[r.Kind]
	before, after := (*string)(r.Before), (*string)(r.After)
	if t, ok := e.(tidier); ok {
		if err := t.tidy(r.Target); err != nil {
			return err
		}
	}
	now, err := e.observe(ctx, r.Target)
	if isOdd(err) {
		c.Status, c.Reason = report.Kept, err.Error()
		return nil
	}
	if err != nil {
		return err
	}
	c.Effective = now
	u, ok := e.(unitEffect)
	spared := ok && u.spared[r.Target]
	if alike(e, now, before) && (!r.repeats() || spared) {
		c.Status = report.Unchanged
		return nil
	}
	if r.Kind == report.Knob && before == nil { // it came with its module, and was not written yet
		c.Status = report.Unchanged
		return nil
	}
	ours := alike(e, now, after) || r.repeats()
	if !ours && now != nil && before != nil && after != nil {
		ours = e.torn(*now, *before, *after)
	}
	if !ours {
		c.Status, c.Reason = report.Kept, "somebody else has changed it since"
		s.tell("keeps", r.Ref(), after, before, now, nil)
		return nil
	}
	if err := s.restore(ctx, r); err != nil {
		return err
	}
	c.Status, c.Effective = report.Applied, before
	return nil
}

// restore writes the former value and reads it back.
func (s *Session) restore(ctx context.Context, r record) error {
	e := s.effects[r.Kind]
	before := (*string)(r.Before)
	value := before
	if r.repeats() { // it is to run with what it had before
		value = (*string)(r.After)
		if *value == Reloaded || *value == Narrowed {
			restarted := Restarted
			value = &restarted
		}
	}
	werr := s.write(ctx, r.Ref(), value, fs.FileMode(r.Mode))
	if werr != nil {
		s.tell("restores", r.Ref(), (*string)(r.After), value, nil, werr)
		if r.unsettled() { // it fails as it did before
			return nil
		}
		if (r.Kind == report.Module || r.Kind == report.Folder) && e.refusal(werr) != "" {
			return nil // a loaded module and a folder in use do no harm
		}
		return werr
	}
	now, err := e.observe(ctx, r.Target)
	s.tell("restores", r.Ref(), (*string)(r.After), value, now, err)
	if err != nil {
		return err
	}
	if !alike(e, now, before) && !r.unsettled() {
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
