package provision

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// timerOf names the unit that takes back the window id.
func timerOf(id string) string { return "tcptune-confirm-" + id }

// arm starts the automatic revert: a transient timer of systemd, which survives this shell and its login session, or
// where systemd does not run, or runs in other namespaces than we do, a detached process. Both run this program.
func (s session) arm(ctx context.Context) plan.Arm {
	return func(id string, d time.Duration) error {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		argv := []string{self, "revert", "--window", id}
		if s.host.SystemdRunning() && s.host.SharesNamespacesWithInit() {
			err := s.host.StartTimer(ctx, timerOf(id), "take back an unconfirmed tcptune apply", d, argv)
			if err == nil || !errors.Is(err, host.ErrNoSystemd) {
				return err
			}
		}
		_, err = s.host.Detach(argv)
		return err
	}
}

// applyUnconfirmed is applyAll with a window, which puts the writing of files off.
func (s session) applyUnconfirmed(ctx context.Context, w wish, d draft, window time.Duration) ([]plan.Change, error) {
	changes, err := s.ApplyUnconfirmed(ctx, d.Plan, window, s.arm(ctx))
	if err != nil || !tried(changes) {
		return changes, err
	}
	again, err := w.again(s, d)
	if err != nil {
		return changes, err
	}
	return changes, s.Amend(again.Plan)
}

// Confirm keeps what an apply with a window has changed. nothing: nothing waits, and what was applied is kept already.
func (t Target) Confirm(ctx context.Context) (out Outcome, nothing bool, err error) {
	s, notes, err := t.open(ctx)
	if err != nil {
		return out, false, err
	}
	defer s.end(&out, &err)
	out = s.outcome(notes)
	j := s.Journal()
	if j.Window == nil && j.Wanted != nil && !j.Expired {
		return out, true, nil
	}
	if w := j.Window; w != nil && w.Unmet != nil {
		out.note(w.Unmet...)
		out.Code = report.ExitPartial
	}
	if _, err = s.carry(&out, func() ([]plan.Change, error) { return s.Confirm(ctx) }); err != nil {
		return out, false, err
	}
	out.Report.Changed = true
	// A timer that fires later finds no window and does nothing; stopping it is tidiness.
	if s.host.SystemdRunning() && j.Window != nil {
		timer := timerOf(j.Window.ID) + ".timer"
		if err := s.host.StopUnit(ctx, timer); err != nil {
			out.note("the timer " + timer + " is still there and will find nothing to do")
		}
	}
	return out, false, nil
}

const (
	expirePoll   = time.Second      // how often the end of a window is looked for: a confirmation ends it early
	expireRetry  = 10 * time.Second // how long to wait when it could not be taken back
	lockPatience = 10 * time.Minute // how long to wait for a command that holds the lock
)

// Expire waits until the window id is over and takes the apply back unless it was confirmed. systemd starts it at the
// deadline; where there is no systemd it runs, detached, from the beginning. It tries until the window is gone.
func (t Target) Expire(ctx context.Context, id string) error {
	h, err := t.host()
	if err != nil {
		return err
	}
	for {
		rest, open, err := windowRest(h, id)
		if err == nil && !open {
			return nil
		}
		pause := min(rest, expirePoll)
		if err == nil && rest <= 0 {
			if err = t.takeBack(ctx, id); err == nil {
				continue
			}
		}
		if err != nil {
			pause = expireRetry
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// windowRest is the time until the end of the window id, if that is open.
func windowRest(h host.Host, id string) (rest time.Duration, open bool, err error) {
	j, err := plan.ReadJournal(h)
	if err != nil || j.Window == nil || j.Window.ID != id {
		return 0, false, err
	}
	now, err := h.BootClock()
	return j.Window.Deadline - now, true, err
}

func (t Target) takeBack(ctx context.Context, id string) (err error) {
	t.Wait = lockPatience
	s, _, err := t.open(ctx) // takes back what is past its deadline
	if err != nil {
		return err
	}
	s.as = "expiry"
	var out Outcome
	defer s.end(&out, &err)
	undone, err := s.Expire(ctx, id)
	if errors.Is(err, plan.ErrNoWindow) {
		err = nil
	}
	out.Report.Changes = plan.Rows(undone)
	return err
}
