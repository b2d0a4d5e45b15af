package main

import (
	"io"

	"github.com/urfave/cli/v2"
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
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	done, nothing, err := target.Confirm(c.Context)
	o := of(done)
	switch {
	case err != nil:
		return o, err
	case nothing:
		o.text = func(w io.Writer) { printf(w, "nothing waits for a confirmation: what was applied is kept already\n") }
	default:
		o.text = func(w io.Writer) {
			t.showChanges(w, o.report.Changes, asWanted)
			printf(w, "confirmed: the new values stay, also after a reboot\n")
		}
	}
	return o, nil
}
