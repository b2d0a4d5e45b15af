package main

import (
	"io"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

func goCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "go",
		Usage:     "install Go toolchains, verified, and switch between them",
		UsageText: "tcptune go install|list|use|rollback|remove|verify|prune|bundle|new",
		Subcommands: []*cli.Command{
			goInstallCommand(t), goListCommand(t), goUseCommand(t), goRollbackCommand(t), goRemoveCommand(t),
			goVerifyCommand(t), goPruneCommand(t), goBundleCommand(t), goNewCommand(t),
		},
	}
}

// changedGo shows what became of a change of toolchains.
func (t terminal) changedGo(c *cli.Context, done provision.ChangedGo, err error) (outcome, error) {
	verb := changedVerb
	if c.Bool("dry-run") {
		verb, done.Done = "to change", ""
	}
	o, changes := of(done.Outcome), done.Report.Changes
	if err == nil {
		o.text = func(w io.Writer) {
			t.showChanges(w, changes, asWanted)
			sumUp(w, changes, verb, asWanted)
			if done.Done != "" {
				printf(w, "%s\n", done.Done)
			}
		}
	}
	return o, err
}

// goArgument is the version that a verb is about.
func goArgument(c *cli.Context) (string, error) {
	switch {
	case c.Args().First() == "": // an empty one is a variable of a script that is not set, and not the latest
		return "", report.Usage("cannot tell which version is meant", "see "+fullName(c)+" --help")
	case c.NArg() == 1:
		return c.Args().First(), nil
	}
	return "", report.Usage("cannot work on several versions at once", "see "+fullName(c)+" --help")
}

// goVersion is the version that is to be installed.
func goVersion(c *cli.Context) (v provision.GoVersion, err error) {
	v.FromMod, v.In = c.String("from-mod"), c.App.Reader
	switch {
	case v.FromMod != "" && c.Args().Present():
		return v, report.Usage("cannot use --from-mod together with a version", "see "+fullName(c)+" --help")
	case c.Args().Present():
		v.Version, err = goArgument(c)
	}
	return v, err
}
