package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
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
	wish, err := goWish(c)
	if err != nil {
		return outcome{}, err
	}
	return t.changeGo(c, func(_ context.Context, h host.Host, at installer.Site) (goChange, error) {
		v, err := at.Find(wish)
		if err != nil {
			return goChange{}, err
		}
		p, err := at.Use(v)
		return switching(h, p, v), err
	})
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
	return t.changeGo(c, func(_ context.Context, h host.Host, at installer.Site) (goChange, error) {
		p, v, err := at.Rollback()
		if v.IsZero() {
			return goChange{plan: p, done: "the folder that stood at " + installer.Current + " before is there again"}, err
		}
		return switching(h, p, v), err
	})
}

// switching is p, which activates the installed version v. That must run, before anybody is led to it.
func switching(h host.Host, p plan.Plan, v fetch.Version) goChange {
	greet := func(ctx context.Context) error { return installer.Greet(ctx, h, installer.TreePath(v), v) }
	return goChange{plan: p, ready: greet, done: fmt.Sprintf("Go %s is active", v), lists: v}
}
