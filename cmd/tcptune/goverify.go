package main

import (
	"io"

	"github.com/urfave/cli/v2"
)

func goVerifyCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "read every file of the installed toolchains, and say whether they are what was proven",
		UsageText: "tcptune go verify [VERSION] [--root DIR] [--json]",
		ArgsUsage: "[VERSION]",
		Description: `Compares each toolchain that tcptune has installed, or VERSION alone, with the list of its files that was made when it was
proven: names, modes and the content of every file; then what its VERSION says, and what its program answers. It changes
nothing and needs neither root nor a network. The other commands look at names, sizes and times, which takes a few
hundredths of a second. The exit code is 2 when one is damaged; tcptune go install VERSION puts it right.

Examples:
  tcptune go verify
  tcptune go verify 1.26.3 || sudo tcptune go install 1.26.3`,
		Flags:  []cli.Flag{rootFlag(), jsonFlag()},
		Action: t.action(t.goVerify),
	}
}

func (t terminal) goVerify(c *cli.Context) (outcome, error) {
	version := ""
	if c.Args().Present() {
		var err error
		if version, err = goArgument(c); err != nil {
			return outcome{}, err
		}
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	done, err := target.VerifyGo(c.Context, version)
	o := of(done)
	if err == nil {
		o.text = func(w io.Writer) {
			for _, g := range o.report.Versions {
				if g.Why == "" {
					printf(w, "%s is %s, and every file is as it was proven\n", g.Target, t.paint(green, g.State))
				}
			}
			t.showNotWhole(w, o.report.Versions)
		}
	}
	return o, err
}

func goPruneCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "prune",
		Usage:     "remove the versions that are neither active nor next for rollback",
		UsageText: "sudo tcptune go prune [--dry-run] [--root DIR] [--json]",
		Description: `Removes what tcptune has installed and nobody needs: every version but the active one and the one that tcptune go
rollback goes to, and links to versions that somebody else has removed. A go.mod that asks for a version which is removed
here makes the go command download it again.

Examples:
  tcptune go prune --dry-run                    which would go
  sudo tcptune go prune`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "only show what would be removed"},
			waitFlag(), rootFlag(), jsonFlag(),
		},
		Action: t.action(t.goPrune),
	}
}

func (t terminal) goPrune(c *cli.Context) (outcome, error) {
	if err := noArguments(c); err != nil {
		return outcome{}, err
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	done, err := target.PruneGo(c.Context, c.Bool("dry-run"))
	return t.changedGo(c, done, err)
}
