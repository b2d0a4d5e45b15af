package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/sysctl"
)

func revertCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "revert",
		Usage:     "take back everything, to before the first apply",
		UsageText: "sudo tcptune revert [--dry-run] [--root DIR] [--json]",
		Description: `Gives every key that still holds our value its former one, and removes our files. What somebody else has
changed since is left and reported (exit code 4). After a reboot the former values are gone: then the remaining files
decide, and a key that none of them sets keeps its value until the next boot.

Examples:
  sudo tcptune revert --dry-run                 what would be taken back
  sudo tcptune revert`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "only show what would be taken back"},
			&cli.StringFlag{Name: "window", Hidden: true, Usage: "wait for the end of confirmation window `ID` and take it back"},
			waitFlag(), rootFlag(), jsonFlag(), unsupportedFlag(),
		},
		Action: t.action(t.revert),
	}
}

func (t terminal) revert(c *cli.Context) (outcome, error) {
	if err := noArguments(c); err != nil {
		return outcome{}, err
	}
	if id := c.String("window"); id != "" {
		return outcome{report: report(nil, nil)}, expire(contextOf(c), host.Host{}, id)
	}
	if c.Bool("dry-run") {
		return t.revertPlan(c)
	}
	s, notes, err := open(c)
	if err != nil {
		return outcome{}, err
	}
	defer s.Close()
	o := outcome{report: report(nil, notes)}
	var undone []plan.Change
	if w := s.Journal().Window; w != nil {
		undone, err = s.Expire(contextOf(c), w.ID)
		if err != nil {
			o.report.Changes = undone
			return o, err
		}
		o.report.Warnings = append(o.report.Warnings, "the unconfirmed apply is taken back")
	}
	p, err := planRevert(s.host, s.Journal())
	if err != nil {
		return o, err
	}
	said := len(s.Notes)
	reverted, err := s.Apply(contextOf(c), p)
	o.report.Changes = append(undone, reverted...)
	o.report.Warnings = append(o.report.Warnings, s.Notes[said:]...)
	p.Changes = o.report.Changes
	o.report.Changed = changed(undone) || changed(reverted) && err == nil
	if err != nil {
		return o, err
	}
	o.text = func(w io.Writer) { t.showRevert(w, p, "taken back") }
	if left(p.Changes) || len(s.Notes) > said {
		o.code = exitPartial
	}
	return o, nil
}

func (t terminal) revertPlan(c *cli.Context) (outcome, error) {
	h, err := hostOf(c)
	if err != nil {
		return outcome{}, err
	}
	j, err := plan.ReadJournal(h)
	if err != nil {
		return outcome{}, err
	}
	p, err := planRevert(h, j)
	if err != nil {
		return outcome{}, err
	}
	if j.Window != nil {
		p.Changes = append(j.Window.Back(), p.Changes...)
	}
	var notes []string
	if n := j.Interrupted(); n != "" {
		notes = append(notes, n)
	}
	o := outcome{report: report(p.Changes, notes)}
	o.text = func(w io.Writer) { t.showRevert(w, p, "to take back") }
	if left(p.Changes) {
		o.code = exitPartial
	}
	return o, nil
}

func planRevert(h host.Host, j plan.Journal) (plan.Plan, error) {
	cat, err := sysctl.LoadCatalogue()
	if err != nil {
		return plan.Plan{}, err
	}
	survey, err := sysctl.Observe(h, cat, j)
	if err != nil {
		return plan.Plan{}, err
	}
	if h.Live() && survey.OwnsLinks() {
		if err := survey.ObserveLinks(h); err != nil {
			return plan.Plan{}, err
		}
	}
	return sysctl.Revert(&survey, cat), nil
}

// left reports whether something could not be taken back.
func left(changes []plan.Change) bool {
	for _, c := range changes {
		if c.Status == plan.Kept || c.Status.Partial() {
			return true
		}
	}
	return false
}

// expirePoll is how often the end of a window is looked for: a confirmation ends it early.
const expirePoll = time.Second

// lockPatience is how long the automatic revert waits for a command that holds the lock.
const lockPatience = 10 * time.Minute

// expire waits until the window id is over and takes the apply back unless it was confirmed. systemd starts it at the
// deadline; where there is no systemd it runs, detached, from the beginning.
func expire(ctx context.Context, h host.Host, id string) error {
	for {
		j, err := plan.ReadJournal(h)
		if err != nil {
			return err
		}
		if j.Window == nil || j.Window.ID != id {
			return nil
		}
		now, err := h.BootClock()
		if err != nil {
			return err
		}
		rest := j.Window.Deadline - now
		if rest <= 0 {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(rest, expirePoll)):
		}
	}
	s, err := plan.Open(ctx, h, lockPatience) // takes back what is past its deadline
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.Expire(ctx, id); err != nil && !errors.Is(err, plan.ErrNoWindow) {
		return err
	}
	return nil
}
