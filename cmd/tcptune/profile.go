package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"

	"github.com/urfave/cli/v2"
)

func profileCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "profile",
		Usage:     "list, show and compare profiles, and compute buffer sizes",
		UsageText: "tcptune profile list|show|diff|size",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list the built-in profiles and those in /etc/tcptune/profiles.d",
				UsageText:   "tcptune profile list [--root DIR]",
				Description: "Example:\n  tcptune profile list",
				Flags:       []cli.Flag{rootFlag(), jsonFlag()}, Action: t.action(t.profileList),
			},
			{
				Name: "show", Usage: "show the keys of a profile, each with its reason", ArgsUsage: "PROFILE",
				UsageText:   "tcptune profile show PROFILE [--root DIR]",
				Description: "Example:\n  tcptune profile show server",
				Flags:       []cli.Flag{rootFlag(), jsonFlag()}, Action: t.action(t.profileShow),
			},
			profileDiffCommand(t),
			{
				Name: "size", Usage: "compute the buffers for a path, line by line",
				UsageText:   "tcptune profile size --bandwidth RATE --rtt TIME [--flows N]",
				Description: "This is the arithmetic of profile wan.\n\nExample:\n  tcptune profile size --bandwidth 10gbit --rtt 80ms",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "bandwidth", Usage: "compute for a path with this `RATE`, 10gbit for instance"},
					&cli.StringFlag{Name: "rtt", Usage: "compute for a path with this round-trip `TIME`, 80ms for instance"},
					&cli.IntFlag{
						Name:        "flows",
						DefaultText: "no comparison",
						Usage:       "compare the sum for `N` connections with what net.ipv4.tcp_mem allows",
					},
					&cli.StringFlag{Name: "congestion", Usage: "compute for the congestion control `ALGORITHM`", Value: "bbr"},
					jsonFlag(),
				},
				Action: t.action(t.profileSize),
			},
		},
	}
}

func (t terminal) profileList(c *cli.Context) (outcome, error) {
	if err := noArguments(c); err != nil {
		return outcome{}, err
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	done, err := target.Profiles()
	o := of(done)
	o.text = func(w io.Writer) { listProfiles(w, o.report.Profiles) }
	return o, err
}

func listProfiles(w io.Writer, profiles []report.Profile) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, p := range profiles {
		printf(tw, "%s\t%s\t%s\n", p.Name, p.Origin, p.Summary)
	}
	_ = tw.Flush()
}

func (t terminal) profileShow(c *cli.Context) (outcome, error) {
	if c.NArg() != 1 {
		return outcome{}, report.Usage(
			fmt.Sprintf("cannot show %d profiles: name one", c.NArg()),
			"tcptune profile list shows all of them",
		)
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	done, err := target.Profile(c.Args().First())
	o := of(done)
	if err == nil {
		o.text = func(w io.Writer) { showProfile(w, o.report.Profiles[0]) }
	}
	return o, err
}

func showProfile(w io.Writer, p report.Profile) {
	printf(w, "%s (%s)\n%s\n", p.Name, p.Origin, wrap(p.Summary, "  "))
	if p.Extends != "" {
		printf(w, "  extends %s\n", p.Extends)
	}
	for _, k := range p.Keys {
		mode := k.Mode
		if k.Required {
			mode += ", required"
		}
		printf(w, "\n%s = %s  (%s)\n%s\n", k.Target, k.Value, mode, wrap(k.Why, "  "))
	}
}

func (t terminal) profileSize(c *cli.Context) (outcome, error) {
	if err := noArguments(c); err != nil {
		return outcome{}, err
	}
	if c.String("bandwidth") == "" || c.String("rtt") == "" {
		return outcome{}, report.Usage("cannot compute buffers without --bandwidth and --rtt", "see "+fullName(c)+" --help")
	}
	done, err := provision.Size(tuningOf(c), c.String("congestion"))
	o := of(done)
	if err == nil {
		o.text = func(w io.Writer) { showSteps(w, o.report.Sizing.Steps) }
	}
	return o, err
}

func showSteps(w io.Writer, steps []report.Step) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, step := range steps {
		printf(tw, "%s\t%s\t= %s\n", step.Label, step.Arithmetic, step.Result)
	}
	_ = tw.Flush()
}
