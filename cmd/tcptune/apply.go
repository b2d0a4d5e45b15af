package main

import (
	"fmt"
	"io"
	"time"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"

	"github.com/urfave/cli/v2"
)

func applyCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "apply",
		Usage:     "bring this host to the wanted state",
		UsageText: "sudo tcptune apply [PLANFILE] [--profile PROFILE] [--confirm 60s] [--dry-run] [--root DIR] [--json]",
		ArgsUsage: "[PLANFILE]",
		Description: `Sets the running values and writes the files that keep them after a reboot, as one transaction: what cannot
be completed is rolled back, and a run that is killed is undone by the next one. A second apply changes nothing.

Without --profile it applies what /etc/tcptune/tcptune.yaml declares, else what was applied last, else profile server.

Examples:
  sudo tcptune apply                            tune this host
  sudo tcptune apply --dry-run                  the same as tcptune plan
  sudo tcptune apply --confirm 60s              take it back unless tcptune confirm follows within a minute
  sudo tcptune apply --profile proxy            many outgoing connections
  sudo tcptune apply --profile site --retire /etc/sysctl.d/99-tuning.conf
  sudo tcptune apply saved.json                 a plan saved by tcptune plan --out; - is standard input
  tcptune apply --root /mnt/image               files of an image, no running values`,
		Flags: flags(wantFlags(), []cli.Flag{
			&cli.DurationFlag{
				Name:        "confirm",
				DefaultText: "nothing waits",
				Usage:       "revert after this `DURATION` unless tcptune confirm comes first",
			},
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "only show what would be changed, as tcptune plan"},
			retireFlag(), detailedFlag(),
			waitFlag(), rootFlag(), jsonFlag(), unsupportedFlag(),
		}),
		Action: t.action(t.apply),
	}
}

func (t terminal) apply(c *cli.Context) (outcome, error) {
	a, err := t.applyRequest(c)
	if err != nil {
		return outcome{}, err
	}
	if a.Confirm, err = confirmTime(c); err != nil {
		return outcome{}, err
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	if c.Bool("dry-run") {
		return t.preview(c, target, a)
	}
	done, err := target.Apply(c.Context, a)
	o := of(done.Outcome)
	if err != nil {
		return o, err
	}
	o.code = detailed(c, done.Outcome, o.report.Changed)
	o.text = func(w io.Writer) { t.showTuned(w, done, changedVerb) }
	return o, nil
}

// applyRequest reads what the command line wants: a saved plan, or wishes.
func (t terminal) applyRequest(c *cli.Context) (a provision.Apply, err error) {
	a.Tuning, a.Saved, a.Progress = tuningOf(c), c.Args().First(), t.progress()
	switch {
	case c.NArg() > 1:
		return a, report.Usage(fmt.Sprintf("cannot apply %d plans at once", c.NArg()), "see tcptune apply --help")
	case c.NArg() == 1 && !a.Empty():
		return a, report.Usage(
			"cannot use a saved plan together with other wishes",
			"drop --profile and the flags that belong to it",
		)
	case c.NArg() == 1 && a.Saved == "":
		return a, report.Usage("cannot read a plan without a name", "see tcptune apply --help")
	}
	return a, checkLinks(c)
}

// retireFlag belongs to plan and apply.
func retireFlag() cli.Flag {
	return &cli.StringSliceFlag{
		Name: "retire", Usage: "move the hand-written `FILE` aside, whose lines are all in the profile; revert brings it back",
	}
}

func detailedFlag() cli.Flag {
	return &cli.BoolFlag{
		Name:  "detailed-exitcode",
		Usage: "exit with 2 when something was changed, 4 when it is partial, 6 when both; with --dry-run: would be",
	}
}

// detailed is the exit code that tells all of changed, or would change, and partial apart, where it is asked for.
func detailed(c *cli.Context, o provision.Outcome, changed bool) int {
	switch {
	case !c.Bool("detailed-exitcode"):
		return o.Code
	case changed && o.Partial:
		return report.ExitPartlyDone
	case changed:
		return report.ExitDiffers
	}
	return o.Code
}

// leastConfirm leaves time to type the confirmation.
const leastConfirm = time.Second

func confirmTime(c *cli.Context) (time.Duration, error) {
	if !c.IsSet("confirm") {
		return 0, nil
	}
	d, err := positive(c, "confirm")
	switch {
	case err != nil:
		return 0, err
	case d < leastConfirm:
		return 0, report.Usage(fmt.Sprintf("cannot use --confirm %s: it must be at least %s", d, leastConfirm), "")
	case c.IsSet("root") && c.String("root") != "/":
		return 0, report.Usage("cannot use --confirm with --root: an image has no running values to take back", "")
	}
	return d, nil
}
