package plan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tcptune/tcptune/internal/report"
)

// Window is the time in which an apply waits for its confirmation. Until then only live values are changed, so that
// a reboot, too, takes everything back.
type Window struct {
	ID       string        `json:"id"`
	BootID   string        `json:"boot"`
	Deadline time.Duration `json:"deadline"` // CLOCK_BOOTTIME: neither suspend nor a step of the wall clock moves it
	// Live is what was changed, to be undone when no confirmation comes; null while the changes are being made.
	Live []record `json:"live"`
	// Persistent is what the confirmation writes.
	Persistent []record        `json:"persistent"`
	Keep       []record        `json:"keep,omitempty"`
	Forget     []Ref           `json:"forget,omitempty"`
	Wanted     json.RawMessage `json:"wanted,omitempty"`
	Refused    []Refusal       `json:"refused,omitempty"`
	// Unmet names what the apply could not have, one line each: the confirmation says it again.
	Unmet []string `json:"unmet,omitempty"`
}

// Arm starts whatever calls [Session.Expire] after d, in a process that outlives the caller and its login session.
type Arm func(id string, d time.Duration) error

// persistent reports whether a change survives a reboot. Such changes wait for the confirmation.
func persistent(k report.Kind) bool {
	switch k {
	case report.File, report.Folder, report.Link, report.Tree, report.Switch, report.Retired:
		return true
	case report.Knob, report.Module, report.Qdisc, report.Unit, report.Signal, report.Container:
	}
	return false
}

// ApplyUnconfirmed makes the live changes of p and leaves the persistent ones to [Session.Confirm]. The way back is
// armed before the first write; it is an error when that fails, and then nothing was changed.
// Persistent changes stay planned in the returned list.
func (s *Session) ApplyUnconfirmed(ctx context.Context, p Plan, d time.Duration, arm Arm) ([]Change, error) {
	now, err := s.h.BootClock()
	if err != nil {
		return p.Changes, err
	}
	w := &Window{
		ID:       fmt.Sprintf("%x", uint64(now)),
		BootID:   s.bootID,
		Deadline: now + d,
		Keep:     recordsOf(p.Keep),
		Forget:   p.Forget,
		Wanted:   p.Wanted,
	}
	live := p
	live.Changes = slices.Clone(p.Changes)
	live.Forget = nil
	for i, c := range live.Changes {
		if c.Writes() && persistent(c.Kind) {
			w.Persistent = append(w.Persistent, recordOf(c, s.fileMode(c)))
			live.Changes[i].Status = report.Kept // not carried out now
		}
	}
	list, err := s.begin(ctx, live)
	if err != nil {
		return p.Changes, err
	}
	next := s.journal
	next.Window = w
	then, opening := s.journal, *w
	opening.Live, then.Window = append([]record{}, list...), &opening
	next.Pending = &Transaction{Command: p.Command, BootID: s.bootID, Changes: list, Then: then.bare()}
	if err := s.save(next); err != nil {
		return p.Changes, err
	}
	if err := arm(w.ID, d); err != nil {
		next.Window, next.Pending = nil, nil
		return p.Changes, errors.Join(
			fmt.Errorf("cannot arm the automatic revert, so nothing was changed: %w", err),
			s.save(next),
		)
	}
	changes, made, err := s.carryOut(ctx, live, list)
	for i := range changes {
		if p.Changes[i].Writes() && persistent(p.Changes[i].Kind) {
			changes[i].Status = report.Planned
			changes[i].Reason = "written by tcptune confirm"
		}
	}
	if err != nil {
		return changes, err
	}
	opened := *w
	opened.Refused, opened.Keep = s.refusals(changes), taken(p.Keep, changes)
	for _, c := range changes {
		if c.Status.Partial() {
			opened.Unmet = append(opened.Unmet, fmt.Sprintf("%s is %s: %s", c.Target, c.Status, c.Reason))
		}
	}
	opened.Live = append([]record{}, made...)
	done := s.journal
	done.Pending, done.Window = nil, &opened
	return changes, s.commit(ctx, done, changes)
}

// Amend replaces what the confirmation of the open window is going to write by the persistent changes of p.
func (s *Session) Amend(p Plan) error {
	if s.journal.Window == nil {
		return ErrNoWindow
	}
	w := *s.journal.Window
	w.Persistent, w.Keep = nil, recordsOf(p.Keep)
	for _, c := range p.Changes {
		if c.Writes() && persistent(c.Kind) {
			w.Persistent = append(w.Persistent, recordOf(c, s.fileMode(c)))
		}
	}
	done := s.journal
	done.Window = &w
	return s.save(done)
}

// Confirm ends the window by writing what it had put off, as one transaction.
// It is [ErrNoWindow] when no window is open.
func (s *Session) Confirm(ctx context.Context) ([]Change, error) {
	w := s.journal.Window
	if w == nil {
		return nil, ErrNoWindow
	}
	p := Plan{Command: "confirm"}
	for _, r := range w.Persistent {
		p.Changes = append(p.Changes, r.change())
	}
	list, err := s.begin(ctx, p)
	if stale := new(report.Error); errors.As(err, &stale) && stale.Code == Stale {
		err = &report.Error{
			Code: Stale, Message: "cannot confirm: the host has moved on since the apply", Err: stale.Err,
			Hint: "tcptune revert takes the apply back; then apply again",
		}
	}
	if err != nil {
		return p.Changes, err
	}
	confirmed := func(made []record) (done Journal) {
		done = s.journal
		done.Window = nil
		done.commit(settled{
			made: slices.Concat(w.Live, made), keep: w.Keep, refused: w.Refused, forget: w.Forget, wanted: w.Wanted,
		}, s.bootID)
		return done
	}
	changes, made, err := s.transact(ctx, p, list, confirmed(list))
	if err != nil {
		return changes, err
	}
	done := confirmed(made)
	return changes, s.commit(ctx, done, changes)
}

// Expire ends the window id without a confirmation: what was changed live is undone. It returns what became of each
// change; what somebody else changed since is Kept. A window that is confirmed, or another one, is [ErrNoWindow].
func (s *Session) Expire(ctx context.Context, id string) (undone []Change, err error) {
	w := s.journal.Window
	if w == nil || id != w.ID {
		return nil, ErrNoWindow
	}
	undone, left := s.undo(ctx, Transaction{Command: "apply", BootID: w.BootID, Changes: w.Live})
	done := s.journal
	done.Window = nil
	done.Expired = len(done.Owned) > 0
	done.Notices = leftAlone(undone)
	if done.Notices != nil {
		done.Notices = append([]string{"an apply was not confirmed and was taken back"}, done.Notices...)
	}
	done.stuck(left, w.BootID)
	return undone, s.save(done)
}

// Back lists what [Session.Expire] would undo, for a dry run.
func (w *Window) Back() []Change {
	var changes []Change
	for _, r := range undoOrder(w.Live) {
		c := r.back()
		c.Status = report.Planned
		changes = append(changes, c)
	}
	return changes
}

// checkWindow ends a window that a reboot or a missed deadline has ended already.
func (s *Session) checkWindow(ctx context.Context) error {
	w := s.journal.Window
	if w == nil {
		return nil
	}
	if w.BootID != s.bootID {
		s.note("an apply was not confirmed before the reboot, which took it back")
		done := s.journal
		done.Window, done.Expired = nil, len(done.Owned) > 0
		return s.save(done)
	}
	left, err := s.Remaining()
	if err != nil || left > 0 {
		return err
	}
	undone, err := s.Expire(ctx, w.ID)
	if err != nil {
		return err
	}
	s.Undone = append(s.Undone, undone...)
	s.note("an apply was not confirmed in time and was taken back")
	s.Notes = append(s.Notes, leftAlone(undone)...)
	return nil
}

// Remaining is the time until the open window ends, 0 when it has or when there is none.
func (s *Session) Remaining() (time.Duration, error) {
	if s.journal.Window == nil {
		return 0, nil
	}
	now, err := s.h.BootClock()
	if err != nil {
		return 0, err
	}
	return max(0, s.journal.Window.Deadline-now), nil
}
