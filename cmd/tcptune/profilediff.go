package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

func profileDiffCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name: "diff", Usage: "what two profiles, or a profile and this host, do not have in common", ArgsUsage: "SIDE SIDE",
		UsageText: "tcptune profile diff PROFILE|FILE|HOST-NOW PROFILE|FILE|HOST-NOW [--root DIR] [--json]",
		Description: `A side is a profile by its name, a file with one, or HOST-NOW for the running values of this host.
Exit code 4 when a value of this host is not there or cannot be read.

Examples:
  tcptune profile diff server proxy
  tcptune profile diff server HOST-NOW
  tcptune profile diff server ./mine.yaml`,
		Flags: []cli.Flag{rootFlag(), jsonFlag()}, Action: t.action(t.profileDiff),
	}
}

func (t terminal) profileDiff(c *cli.Context) (outcome, error) {
	if c.NArg() != 2 {
		return outcome{}, report.Usage(
			fmt.Sprintf("cannot compare %d profiles: name two", c.NArg()),
			"tcptune profile list shows all of them; "+provision.HostNow+" is this host",
		)
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	done, err := target.Diff(c.Args().Get(0), c.Args().Get(1))
	o := of(done)
	if err == nil {
		o.text = func(w io.Writer) { showDifferences(w, done.Report) }
	}
	return o, err
}

func showDifferences(w io.Writer, r report.Report) {
	a, b := r.Profiles[0], r.Profiles[1]
	printf(w, "%s (%s) and %s (%s)\n\n", a.Name, a.Origin, b.Name, b.Origin)
	if r.Differences != nil {
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		printf(tw, "KEY\t%s\t%s\n", a.Name, b.Name)
		for _, d := range r.Differences {
			printf(tw, "%s\t%s\t%s\n", d.Target, wish(d.A, d.ModeA), wish(d.B, d.ModeB))
		}
		_ = tw.Flush()
	}
	for _, d := range r.Differences {
		if d.Reason != "" {
			printf(w, "\n%s\n    %s\n", d.Target, d.Reason)
		}
	}
	if r.Differences == nil {
		printf(w, "no difference\n")
	}
}

// wish is a value with the mode in which it is wanted.
func wish(value *string, mode string) string {
	switch {
	case value == nil:
		return "-"
	case mode == "":
		return side(value)
	}
	return side(value) + " (" + mode + ")"
}
