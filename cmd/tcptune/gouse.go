package main

import (
	"github.com/urfave/cli/v2"
)

func goUseCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "use",
		Usage:     "make an installed version the active one",
		UsageText: "sudo tcptune go use VERSION [--dry-run] [--root DIR] [--json]",
		ArgsUsage: "VERSION",
		Description: `Leads /usr/local/go, and with it every go of this host, to a version that tcptune has installed, in one step: a build
that is running goes on with the version that it has begun with. It needs no network.

Examples:
  sudo tcptune go use 1.26.3
  sudo tcptune go use 1.26                      the newest installed patch`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "only show what would be changed"},
			waitFlag(), rootFlag(), jsonFlag(),
		},
		Action: t.action(t.goUse),
	}
}

func (t terminal) goUse(c *cli.Context) (outcome, error) {
	version, err := goArgument(c)
	if err != nil {
		return outcome{}, err
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	done, err := target.UseGo(c.Context, version, c.Bool("dry-run"))
	return t.changedGo(c, done, err)
}

func goRollbackCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "rollback",
		Usage:     "go back to what was active before",
		UsageText: "sudo tcptune go rollback [--dry-run] [--root DIR] [--json]",
		Description: `Activates the version that was active before, or puts the folder back that stood at /usr/local/go before tcptune
installed a Go. Each call goes a step further back. What is left behind stays installed. It needs no network.

Example:
  sudo tcptune go install 1.27rc1; go test ./... || sudo tcptune go rollback`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "only show what would be changed"},
			waitFlag(), rootFlag(), jsonFlag(),
		},
		Action: t.action(t.goRollback),
	}
}

func (t terminal) goRollback(c *cli.Context) (outcome, error) {
	if err := noArguments(c); err != nil {
		return outcome{}, err
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	done, err := target.RollbackGo(c.Context, c.Bool("dry-run"))
	return t.changedGo(c, done, err)
}
