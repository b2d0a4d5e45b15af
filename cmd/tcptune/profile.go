package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/sysctl"
)

func profileCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "profile",
		Usage:     "list and show profiles, and compute buffer sizes",
		UsageText: "tcptune profile list|show|size",
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list the built-in profiles and those in /etc/tcptune/profiles.d",
				UsageText:   "tcptune profile list [--root DIR]",
				Description: "Example:\n  tcptune profile list",
				Flags:       []cli.Flag{rootFlag()}, Action: t.plainAction(t.profileList),
			},
			{
				Name: "show", Usage: "show the keys of a profile, each with its reason", ArgsUsage: "NAME",
				UsageText:   "tcptune profile show NAME [--root DIR]",
				Description: "Example:\n  tcptune profile show server",
				Flags:       []cli.Flag{rootFlag()}, Action: t.plainAction(t.profileShow),
			},
			{
				Name: "size", Usage: "compute the buffers for a path, line by line",
				UsageText:   "tcptune profile size --bandwidth RATE --rtt TIME [--flows N]",
				Description: "This is the arithmetic of profile wan.\n\nExample:\n  tcptune profile size --bandwidth 10gbit --rtt 80ms",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "bandwidth", Usage: "bottleneck `RATE`, 10gbit for instance", Required: true},
					&cli.StringFlag{Name: "rtt", Usage: "round-trip `TIME`, 80ms for instance", Required: true},
					&cli.IntFlag{Name: "flows", Usage: "hold the sum against memory for `N` connections"},
					&cli.StringFlag{Name: "congestion", Usage: "congestion control `NAME`", Value: "bbr"},
				},
				Action: t.plainAction(t.profileSize),
			},
		},
	}
}

// plainAction is an action that has no report for programs.
func (t terminal) plainAction(do func(c *cli.Context) error) cli.ActionFunc {
	return func(c *cli.Context) error { return do(c) }
}

func (t terminal) profileList(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	h, err := hostOf(c)
	if err != nil {
		return err
	}
	infos, err := sysctl.ProfileNames(h)
	if err != nil {
		return err
	}
	tw := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	var broken []string
	for _, i := range infos {
		if i.Err != nil {
			broken = append(broken, i.Err.Error())
			continue
		}
		printf(tw, "%s\t%s\t%s\n", i.Name, i.Origin, i.Summary)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if broken != nil {
		return fmt.Errorf("cannot use every profile: %s", strings.Join(broken, "; "))
	}
	return nil
}

func (t terminal) profileShow(c *cli.Context) error {
	if c.NArg() != 1 {
		return usageError{fmt.Sprintf("cannot show %d profiles: name one", c.NArg()), "tcptune profile list shows all of them"}
	}
	h, err := hostOf(c)
	if err != nil {
		return err
	}
	cat, err := sysctl.LoadCatalogue()
	if err != nil {
		return err
	}
	p, err := sysctl.LoadProfile(h, cat, c.Args().First())
	if err != nil {
		return err
	}
	printf(t.out, "%s (%s)\n%s\n", p.Name, p.Origin, wrap(p.Summary, "  "))
	if p.Extends != "" {
		printf(t.out, "  extends %s\n", p.Extends)
	}
	for _, k := range p.Keys {
		mode := string(k.Mode)
		if k.Required {
			mode += ", required"
		}
		printf(t.out, "\n%s = %s  (%s)\n%s\n", k.Key, k.Value, mode, wrap(k.Why, "  "))
	}
	return nil
}

func (t terminal) profileSize(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	o, _, err := fromFlags(c)
	if err != nil {
		return err
	}
	cat, err := sysctl.LoadCatalogue()
	if err != nil {
		return err
	}
	h, err := hostOf(c)
	if err != nil {
		return err
	}
	path, err := o.Path(h)
	if err != nil {
		return err
	}
	path.Congestion = c.String("congestion")
	size, err := cat.Size(path)
	if err != nil {
		return err
	}
	showSteps(t.out, size)
	t.warn(size.Warnings)
	return nil
}

func showSteps(w io.Writer, s sysctl.Sizing) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, step := range s.Steps {
		printf(tw, "%s\t%s\t= %s\n", step.Label, step.Arithmetic, step.Result)
	}
	_ = tw.Flush()
}
