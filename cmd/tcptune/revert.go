package main

import (
	"io"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/report"
)

func revertCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "revert",
		Usage:     "take back everything, to before the first apply",
		UsageText: "sudo tcptune revert [--dry-run] [--root DIR] [--json]",
		Description: `Gives every key that still holds our value its former one, and removes our files. What somebody else has
changed since is left and reported (exit code 4). With --dry-run the exit code is 2 when something would be taken back. After a reboot the former values are gone: then the remaining files
decide, and a key that none of them sets keeps its value until the next boot.

Examples:
  sudo tcptune revert --dry-run                 what would be taken back
  sudo tcptune revert`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "only show what would be taken back"},
			detailedFlag(),
			&cli.StringFlag{
				Name:   "window",
				Hidden: true,
				Usage:  "wait for the end of confirmation window `ID` and take it back",
			},
			waitFlag(), rootFlag(), jsonFlag(),
		},
		Action: t.action(t.revert),
	}
}

func (t terminal) revert(c *cli.Context) (outcome, error) {
	if err := noArguments(c); err != nil {
		return outcome{}, err
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	if id := c.String("window"); id != "" {
		return outcome{}, target.Expire(c.Context, id)
	}
	verb, revert := "taken back", target.Revert
	if c.Bool("dry-run") {
		verb, revert = "to take back", target.RevertPlan
	}
	done, err := revert(c.Context)
	o := of(done.Outcome)
	o.code = detailed(c, done.Outcome, o.report.Changed || done.Code == report.ExitDiffers)
	if err == nil {
		o.text = func(w io.Writer) { t.showRevert(w, done.Report.Changes, verb, done.Strays) }
	}
	return o, err
}
