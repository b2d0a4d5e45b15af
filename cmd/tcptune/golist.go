package main

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

func goListCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "list",
		Usage:     "the toolchains on this host, whoever put them there; --remote: those that could be installed",
		UsageText: "tcptune go list [--remote] [--shells] [--root DIR] [--json]",
		Description: `Shows each Go on this host: those of tcptune with where they came from and what proved them, those of apt and snap, and
what somebody has unpacked at /usr/local/go; the tools that were built here, and by which Go. Then which of them a login shell, another shell and sudo find, by what
/etc/environment, /etc/profile.d and sudoers say in plain lines, and how to change that. It changes nothing, and without
--remote needs no network; without root it cannot read sudoers.

What your own start-up files make of that, your shell alone can tell. With --shells it is asked: it is run as a login shell
and as another one, as you, also under sudo, and never as root; without a terminal, for 2 s at most, and then whatever it
has started is ended. Nothing else of tcptune runs a shell.

Examples:
  tcptune go list
  tcptune go list --shells                      which go do my shells find?
  tcptune go list --remote --json | jq -r '.versions[] | select(.state == "available") | .target'`,
		Flags: flags(goSourceFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "remote", Usage: "also list what could be installed"},
			&cli.BoolFlag{Name: "shells", Usage: "run your shell, as you, and ask it which go it finds"},
			rootFlag(), jsonFlag(),
		}),
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
	r := provision.ListGo{Remote: c.Bool("remote"), AskShells: c.Bool("shells")}
	if r.AskShells && target.Root != "" {
		return outcome{}, report.Usage(
			"cannot ask the shells of an image: it runs nothing", "leave --shells out: what its files say is listed")
	}
	r.Source, err = goSource(c)
	if err != nil {
		return outcome{}, err
	}
	done, err := target.ListGo(c.Context, r)
	o := of(done)
	if err == nil {
		o.text = func(w io.Writer) {
			t.showVersions(w, o.report.Versions)
			t.showTools(w, o.report.Tools)
			t.showShells(w, o.report.Shells)
			if target.Root == "" && !r.AskShells {
				printf(w, "what your own start-up files make of that: tcptune go list --shells\n")
			}
		}
	}
	return o, err
}

// showNotWhole says what is wrong with toolchains.
func (t terminal) showNotWhole(w io.Writer, list []report.GoVersion) {
	for _, g := range list {
		if g.Why == "" {
			continue
		}
		printf(w, "%s\n", t.paint(red, fmt.Sprintf("%s is %s: %s", cmp.Or(g.Target, g.Path), g.State, g.Why)))
		if g.Fix != "" {
			printf(w, "      to repair it: %s\n", g.Fix)
		}
	}
}

func (t terminal) showVersions(w io.Writer, list []report.GoVersion) {
	if len(list) == 0 {
		printf(w, "no Go is installed; to install one: sudo tcptune go install\n")
		return
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	printf(tw, "VERSION\tSTATE\tBY\tFROM\tPATH\n")
	for _, g := range list {
		printf(tw, "%s\t%s\t%s\t%s\t%s\n", cmp.Or(g.Target, "?"), g.State, cmp.Or(g.By, "-"), cmp.Or(g.Source, "-"),
			cmp.Or(g.Path, "-"))
	}
	_ = tw.Flush()
	t.showNotWhole(w, list)
}
