package plan

import (
	"context"
	"fmt"
	"slices"
)

// Rebuilt reports whether j is the former copy of a journal that is torn.
func (j Journal) Rebuilt() bool { return j.lost != "" }

// torn says what has become of the journal, and how much its copy knows.
func (j Journal) torn() string {
	what := "what the command after it has changed is not known"
	if t := j.Pending; t != nil {
		what = fmt.Sprintf("that was in the middle of %s, which was interrupted or has ended since", t.Command)
	}
	return fmt.Sprintf("the journal is torn (%s); its former copy, number %d, is there: %s", j.lost, j.Seq, what)
}

// Forecast is j as it is to be supposed where nothing may be changed: the transaction that the copy of a torn journal
// knows of has mostly ended.
func (j Journal) Forecast() Journal {
	if j.lost == "" || j.Pending == nil || j.Pending.Then == nil {
		return j
	}
	then := *j.Pending.Then
	then.Seq, then.lost = j.Seq, j.lost
	return then
}

// bare is j as a [Transaction.Then].
func (j Journal) bare() *Journal {
	j.Schema, j.Seq, j.SHA256, j.WrittenBy, j.Pending = "", 0, "", "", nil
	return &j
}

// rebuild makes a whole journal of the former copy of one that is torn. The copy knows a transaction of which nobody
// knows how it has ended, so each thing is looked at: what is as wanted was made, what is as before was not, and what
// is neither is unknown, and stays owned, so that revert names it. Nothing on the host is changed: undoing what may
// have been in use for months would be worse than the loss of a file.
func (s *Session) rebuild(ctx context.Context) error {
	if s.journal.lost == "" {
		return nil
	}
	s.note("%s", s.journal.torn())
	next, t := s.journal, s.journal.Pending
	if t == nil {
		s.Unknown = true
	}
	if t != nil && t.Then != nil {
		next = s.settleTorn(ctx, *t)
	}
	for _, o := range next.Owned {
		if t != nil && slices.ContainsFunc(t.Changes, func(r record) bool { return r.Ref() == o.Ref() }) {
			continue // it was looked at
		}
		if o.BootID == s.bootID && s.h.Live() || lasting(o.Kind) {
			s.compare(ctx, o.Ref(), (*string)(o.Before), (*string)(o.Ours))
		}
	}
	if err := s.save(next); err != nil {
		return err
	}
	return s.refresh(ctx)
}

// settleTorn is the journal after t, as far as the host tells.
func (s *Session) settleTorn(ctx context.Context, t Transaction) Journal {
	before, next := s.journal, *t.Then
	var not []Ref // made
	for _, r := range t.Changes {
		s.stale = s.stale || r.ofUnits()
		if t.BootID != s.bootID && !lasting(r.Kind) || r.repeats() {
			continue // the kernel has forgotten it, or it leaves no trace
		}
		if e, ok := s.effects[r.Kind].(tidier); ok {
			if err := e.tidy(r.Target); err != nil {
				s.note("%v", err)
			}
		}
		if made, known := s.compare(ctx, r.Ref(), (*string)(r.Before), (*string)(r.After)); known && !made {
			not = append(not, r.Ref())
		}
	}
	of := func(o Owned) bool { return slices.Contains(not, o.Ref()) }
	still := slices.DeleteFunc(slices.Clone(before.Owned), func(o Owned) bool { return !of(o) })
	next.Owned = append(still, slices.DeleteFunc(slices.Clone(next.Owned), of)...)
	if w := next.Window; w != nil && before.Window.Live == nil {
		opened := *w
		opened.Live = slices.DeleteFunc(slices.Clone(w.Live), func(r record) bool { return slices.Contains(not, r.Ref()) })
		next.Window = &opened
	}
	return next
}

// compare looks whether a thing is as tcptune wanted it, or as it was before. Where it is neither that is noted.
func (s *Session) compare(ctx context.Context, ref Ref, before, after *string) (made, known bool) {
	e := s.effects[ref.Kind]
	now, err := e.observe(ctx, ref.Target)
	s.tell("compares", ref, before, after, now, err)
	switch {
	case err != nil:
		s.note("%s %s is unknown: %v", ref.Kind, ref.Target, err)
	case alike(e, now, after):
		return true, true
	case alike(e, now, before):
		return false, true
	default:
		s.note(
			"%s %s is unknown: it is %s, was %s before and was to be %s",
			ref.Kind,
			ref.Target,
			show(now),
			show(before),
			show(after),
		)
	}
	s.Unknown = true
	return false, false
}
