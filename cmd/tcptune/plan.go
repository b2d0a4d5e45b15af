package main

import (
	"io"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

func planCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "plan",
		Usage:     "show what apply would change; changes nothing",
		UsageText: "tcptune plan [--profile PROFILE] [--out FILE] [--root DIR] [--json]",
		Description: `Compares this host with the wanted state and prints the difference. It needs no root.
Exit code 0 when nothing is to be changed, 2 when something is, 4 when all that is left cannot be had here.

Examples:
  tcptune plan                                  what apply would do
  tcptune plan --profile wan --bandwidth 10gbit --rtt 80ms
  tcptune plan --out saved.json && sudo tcptune apply saved.json
  tcptune plan --out -                          the plan itself, for tcptune apply -
  tcptune plan --root /mnt/image                for an image`,
		Flags: flags(wantFlags(), []cli.Flag{
			&cli.StringFlag{
				Name:    "out",
				Aliases: []string{"o"},
				Usage:   "save the plan to `FILE` for apply; - is standard output",
			},
			retireFlag(), rootFlag(), jsonFlag(), unsupportedFlag(),
		}),
		Action: t.action(t.plan),
	}
}

func (t terminal) plan(c *cli.Context) (outcome, error) {
	if err := noArguments(c); err != nil {
		return outcome{}, err
	}
	if c.IsSet("out") && c.String("out") == "" {
		return outcome{}, report.Usage("cannot use an empty --out", "")
	}
	if c.String("out") == "-" && c.Bool("json") {
		return outcome{}, report.Usage("cannot write the plan and --json to the same standard output", "")
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	if err := checkLinks(c); err != nil {
		return outcome{}, err
	}
	return t.preview(c, target, provision.Apply{Tuning: tuningOf(c), Out: c.String("out"), Progress: t.progress()})
}

// preview shows what apply would do.
func (t terminal) preview(c *cli.Context, target provision.Target, a provision.Apply) (outcome, error) {
	planned, err := target.Plan(c.Context, a)
	o := of(planned.Outcome)
	o.aside, o.code = a.Out == "-", detailed(c, planned.Outcome, planned.Code == report.ExitDiffers)
	if err == nil {
		o.text = func(w io.Writer) { t.showTuned(w, planned, "to change") }
	}
	return o, err
}
