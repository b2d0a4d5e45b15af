package main

import (
	"github.com/urfave/cli/v2"
)

func goRemoveCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "remove",
		Usage:     "remove an installed version that is not active, or all",
		UsageText: "sudo tcptune go remove VERSION | --all [--dry-run] [--root DIR] [--json]",
		ArgsUsage: "VERSION",
		Description: `Removes a version that tcptune has installed. The active one is refused. With --all everything goes that tcptune has
installed of Go, and a folder that stood at /usr/local/go before stands there again.

Examples:
  sudo tcptune go remove 1.25.1
  sudo tcptune go remove --all                  as before the first tcptune go install`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "remove all versions, links and the profile"},
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "only show what would be removed"},
			waitFlag(), rootFlag(), jsonFlag(),
		},
		Action: t.action(t.goRemove),
	}
}

func (t terminal) goRemove(c *cli.Context) (outcome, error) {
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	if c.Bool("all") {
		if err := noArguments(c); err != nil {
			return outcome{}, err
		}
		done, err := target.RemoveAllGo(c.Context, c.Bool("dry-run"))
		return t.changedGo(c, done, err)
	}
	version, err := goArgument(c)
	if err != nil {
		return outcome{}, err
	}
	done, err := target.RemoveGo(c.Context, version, c.Bool("dry-run"))
	return t.changedGo(c, done, err)
}
