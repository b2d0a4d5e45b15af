package main

import (
	"io"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

func confirmCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "confirm",
		Usage:     "keep what apply --confirm has changed",
		UsageText: "sudo tcptune confirm [--json]",
		Description: `Writes the files that keep the new values after a reboot, and calls off the automatic revert.

Example:
  sudo tcptune apply --confirm 60s; curl -fsS localhost:8080/healthz && sudo tcptune confirm`,
		Flags:  []cli.Flag{waitFlag(), jsonFlag()},
		Action: t.action(t.confirm),
	}
}

func (t terminal) confirm(c *cli.Context) (outcome, error) {
	if err := noArguments(c); err != nil {
		return outcome{}, err
	}
	s, notes, err := open(c)
	if err != nil {
		return outcome{}, err
	}
	defer s.Close()
	o := outcome{report: s.report(notes)}
	if j := s.Journal(); j.Window == nil && j.Wanted != nil && !j.Expired {
		o.text = func(w io.Writer) { printf(w, "nothing waits for a confirmation: what was applied is kept already\n") }
		return o, nil
	}
	timer := ""
	if w := s.Journal().Window; w != nil {
		o.report.Warnings = append(o.report.Warnings, w.Unmet...)
		if w.Unmet != nil {
			o.code = report.ExitPartial
		}
		timer = "tcptune-confirm-" + w.ID + ".timer"
	}
	changes, err := s.Confirm(c.Context)
	o.report.Changes = plan.Rows(changes)
	if err != nil {
		return o, err
	}
	o.report.Changed = true
	// A timer that fires later finds no window and does nothing; stopping it is tidiness.
	if s.host.SystemdRunning() && timer != "" {
		if err := s.host.StopUnit(c.Context, timer); err != nil {
			o.report.Warnings = append(o.report.Warnings, "the timer "+timer+" is still there and will find nothing to do")
		}
	}
	o.text = func(w io.Writer) {
		t.showChanges(w, o.report.Changes, asWanted)
		printf(w, "confirmed: the new values stay, also after a reboot\n")
	}
	return o, nil
}
