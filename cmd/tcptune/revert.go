package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/service"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/catalogue"
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
			waitFlag(), rootFlag(), jsonFlag(),
		},
		Action: t.action(t.revert),
	}
}

func (t terminal) revert(c *cli.Context) (outcome, error) {
	if err := noArguments(c); err != nil {
		return outcome{}, err
	}
	if id := c.String("window"); id != "" {
		return outcome{report: envelope(nil, nil)}, expire(c.Context, host.Host{}, id)
	}
	if c.Bool("dry-run") {
		return t.revertPlan(c)
	}
	s, notes, err := open(c)
	if err != nil {
		return outcome{}, err
	}
	defer s.Close()
	o := outcome{report: s.report(notes)}
	var undone []plan.Change
	if w := s.Journal().Window; w != nil {
		undone, err = s.Expire(c.Context, w.ID)
		if err != nil {
			o.report.Changes = plan.Rows(undone)
			return o, err
		}
		o.report.Warnings = append(o.report.Warnings, "the unconfirmed apply is taken back")
	}
	p, strays, err := planRevert(s.host, s.Journal())
	if err != nil {
		return o, err
	}
	o.report.Warnings = append(o.report.Warnings, staying(s.Journal())...)
	o.report.Warnings = append(o.report.Warnings, strays...)
	said := len(s.Notes)
	reverted, err := s.Apply(c.Context, p)
	p.Changes = append(undone, reverted...)
	o.report.Changes = plan.Rows(p.Changes)
	o.report.Warnings = append(o.report.Warnings, s.Notes[said:]...)
	o.report.Changed = s.Repaired || changed(o.report.Changes)
	if err != nil {
		return o, err
	}
	o.text = func(w io.Writer) { t.showRevert(w, o.report.Changes, "taken back", strays != nil) }
	if left(o.report.Changes) || len(s.Notes) > said || strays != nil {
		o.code = report.ExitPartial
	}
	return o, nil
}

func (t terminal) revertPlan(c *cli.Context) (outcome, error) {
	h, err := hostOf(c)
	if err != nil {
		return outcome{}, err
	}
	j, notes, err := recall(h)
	if err != nil {
		return outcome{}, err
	}
	p, lost, err := planRevert(h, j)
	if err != nil {
		return outcome{}, err
	}
	strays := lost != nil
	notes = append(append(notes, lost...), staying(j)...)
	if j.Window != nil {
		p.Changes = append(j.Window.Back(), p.Changes...)
	}
	o := outcome{report: envelope(p.Changes, notes)}
	o.text = func(w io.Writer) { t.showRevert(w, o.report.Changes, "to take back", strays) }
	if left(o.report.Changes) || strays {
		o.code = report.ExitPartial
	}
	return o, nil
}

// planRevert plans the way back. strays are files of ours that the journal knows nothing of.
func planRevert(h host.Host, j plan.Journal) (p plan.Plan, strays []string, err error) {
	cat, err := catalogue.Load()
	if err != nil {
		return p, nil, err
	}
	survey, err := sysctl.Observe(h, cat, j.Without(service.Sources).Without(installer.Sources), nil)
	if err != nil {
		return p, nil, err
	}
	if h.Live() && survey.OwnsLinks() {
		if err := survey.ObserveLinks(h); err != nil {
			return p, nil, err
		}
	}
	for _, path := range survey.Strays() {
		strays = append(strays, path+" was written by tcptune, but the journal that says what was before is gone: remove it by hand")
	}
	return sysctl.Revert(&survey, cat), strays, nil
}

// staying says of installed services and toolchains that they are no part of the tuning.
func staying(j plan.Journal) (notes []string) {
	specs, err := service.Installed(j)
	if err != nil {
		return []string{err.Error()}
	}
	for _, s := range specs {
		notes = append(notes, fmt.Sprintf("service %s stays; to remove it: sudo tcptune service uninstall %s", s.Name, s.Name))
	}
	return append(notes, stayingGo(j)...)
}

// left reports whether something could not be taken back.
func left(changes []report.Change) bool {
	for _, c := range changes {
		if c.Status == report.Kept || c.Status.Partial() {
			return true
		}
	}
	return false
}

const (
	expirePoll   = time.Second      // how often the end of a window is looked for: a confirmation ends it early
	expireRetry  = 10 * time.Second // how long to wait when it could not be taken back
	lockPatience = 10 * time.Minute // how long to wait for a command that holds the lock
)

// expire waits until the window id is over and takes the apply back unless it was confirmed. systemd starts it at the
// deadline; where there is no systemd it runs, detached, from the beginning. It tries until the window is gone.
func expire(ctx context.Context, h host.Host, id string) error {
	for {
		rest, open, err := windowRest(h, id)
		if err == nil && !open {
			return nil
		}
		pause := min(rest, expirePoll)
		if err == nil && rest <= 0 {
			if err = takeBack(ctx, h, id); err == nil {
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

func takeBack(ctx context.Context, h host.Host, id string) error {
	sessionsOpen.Add(1)
	defer sessionsOpen.Add(-1)
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
