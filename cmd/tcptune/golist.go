package main

import (
	"cmp"
	"io"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/report"
)

func goListCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "list",
		Usage:     "the toolchains on this host, whoever put them there; --remote: those that could be installed",
		UsageText: "tcptune go list [--remote] [--root DIR] [--json]",
		Description: `Shows each Go on this host: those of tcptune with where they came from and what proved them, those of apt and snap, and
what somebody has unpacked at /usr/local/go. Then which of them a login shell, another shell, zsh, sudo and cron would run,
why, and how to change that; for this their files are read, and no shell is run. Users are named whose own files lead to
another go. It changes nothing, and without --remote needs no network; without root it cannot read sudoers and the files
of others.

Examples:
  tcptune go list
  tcptune go list --remote --json | jq -r '.versions[] | select(.state == "available") | .target'`,
		Flags:  flags(goSourceFlags(), []cli.Flag{&cli.BoolFlag{Name: "remote", Usage: "also list what could be installed"}, rootFlag(), jsonFlag()}),
		Action: t.action(t.goList),
	}
}

func (t terminal) goList(c *cli.Context) (outcome, error) {
	if err := noArguments(c); err != nil {
		return outcome{}, err
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	source, err := goSource(c)
	if err != nil {
		return outcome{}, err
	}
	done, err := target.ListGo(c.Context, source, c.Bool("remote"))
	o := of(done)
	if err == nil {
		o.text = func(w io.Writer) {
			t.showVersions(w, o.report.Versions)
			t.showShells(w, o.report.Shells)
		}
	}
	return o, err
}

func (t terminal) showVersions(w io.Writer, list []report.GoVersion) {
	if len(list) == 0 {
		printf(w, "no Go is installed; to install one: sudo tcptune go install\n")
		return
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	printf(tw, "VERSION\tSTATE\tBY\tFROM\tPATH\n")
	for _, g := range list {
		printf(tw, "%s\t%s\t%s\t%s\t%s\n", cmp.Or(g.Target, "?"), g.State, cmp.Or(g.By, "-"), cmp.Or(g.Source, "-"), cmp.Or(g.Path, "-"))
	}
	_ = tw.Flush()
}
