package main

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
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
	if c.Bool("all") {
		if err := noArguments(c); err != nil {
			return outcome{}, err
		}
		return t.changeGo(c, func(_ context.Context, _ host.Host, at installer.Site) (goChange, error) {
			p, left := at.RemoveAll()
			return goChange{plan: p, notes: left, after: forgetDownloads}, nil
		})
	}
	wish, err := goWish(c)
	if err != nil {
		return outcome{}, err
	}
	return t.changeGo(c, func(_ context.Context, _ host.Host, at installer.Site) (goChange, error) {
		v, err := at.Find(wish)
		var missing *report.Error
		if errors.As(err, &missing) {
			missing.Hint = "tcptune go list shows what is installed"
		}
		if err != nil {
			return goChange{}, err
		}
		p, err := at.Remove(v)
		return goChange{plan: p}, err
	})
}

// forgetDownloads removes the cache of downloads. It belongs to the machine that fetches, not to an image.
func forgetDownloads(h host.Host) error {
	if !h.Live() {
		return nil
	}
	return h.RemoveAll(cacheFolder)
}
