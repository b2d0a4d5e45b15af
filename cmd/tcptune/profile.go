package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
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
				Flags:       []cli.Flag{rootFlag(), jsonFlag()}, Action: t.action(t.profileList),
			},
			{
				Name: "show", Usage: "show the keys of a profile, each with its reason", ArgsUsage: "PROFILE",
				UsageText:   "tcptune profile show PROFILE [--root DIR]",
				Description: "Example:\n  tcptune profile show server",
				Flags:       []cli.Flag{rootFlag(), jsonFlag()}, Action: t.action(t.profileShow),
			},
			{
				Name: "size", Usage: "compute the buffers for a path, line by line",
				UsageText:   "tcptune profile size --bandwidth RATE --rtt TIME [--flows N]",
				Description: "This is the arithmetic of profile wan.\n\nExample:\n  tcptune profile size --bandwidth 10gbit --rtt 80ms",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "bandwidth", Usage: "compute for a path with this `RATE`, 10gbit for instance"},
					&cli.StringFlag{Name: "rtt", Usage: "compute for a path with this round-trip `TIME`, 80ms for instance"},
					&cli.IntFlag{Name: "flows", DefaultText: "no comparison", Usage: "compare the sum for `N` connections with what net.ipv4.tcp_mem allows"},
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
	h, err := hostOf(c)
	if err != nil {
		return outcome{}, err
	}
	cat, err := catalogue.Load()
	if err != nil {
		return outcome{}, err
	}
	infos, err := profile.List(h)
	if err != nil {
		return outcome{}, err
	}
	o := outcome{report: envelope(nil, nil)}
	var broken []string
	for _, i := range infos {
		if _, err := profile.Load(h, cat, i.Name); err != nil {
			broken = append(broken, err.Error())
			continue
		}
		o.report.Profiles = append(o.report.Profiles, report.Profile{Name: i.Name, Summary: i.Summary, Origin: i.Origin})
	}
	o.text = func(w io.Writer) { listProfiles(w, o.report.Profiles) }
	if broken != nil {
		return o, fmt.Errorf("cannot use every profile: %s", strings.Join(broken, "; "))
	}
	return o, nil
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
		return outcome{}, report.Usage(fmt.Sprintf("cannot show %d profiles: name one", c.NArg()), "tcptune profile list shows all of them")
	}
	h, err := hostOf(c)
	if err != nil {
		return outcome{}, err
	}
	cat, err := catalogue.Load()
	if err != nil {
		return outcome{}, err
	}
	p, err := profile.Load(h, cat, c.Args().First())
	if err != nil {
		return outcome{}, err
	}
	shown := report.Profile{Name: p.Name, Summary: p.Summary, Origin: p.Origin, Extends: p.Extends}
	for _, k := range p.Keys {
		shown.Keys = append(shown.Keys, report.ProfileKey{
			Target: k.Key, Value: k.Value, Mode: string(k.Mode), Required: k.Required, Why: strings.Join(strings.Fields(k.Why), " "),
		})
	}
	o := outcome{report: envelope(nil, nil)}
	o.report.Profiles = []report.Profile{shown}
	o.text = func(w io.Writer) { showProfile(w, shown) }
	return o, nil
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
	var o sysctl.Options
	if _, err := overrule(c, &o); err != nil {
		return outcome{}, err
	}
	cat, err := catalogue.Load()
	if err != nil {
		return outcome{}, err
	}
	path, err := o.Path(host.Host{})
	if err != nil {
		return outcome{}, err
	}
	if path.Congestion, err = congestion(cat, c.String("congestion")); err != nil {
		return outcome{}, err
	}
	size, err := profile.Size(cat, path)
	if err != nil {
		return outcome{}, err
	}
	out := outcome{report: envelope(nil, size.Warnings)}
	out.report.Sizing = &report.Sizing{ReceiveMax: size.ReceiveMax, SendMax: size.SendMax, Steps: size.Steps}
	out.text = func(w io.Writer) { showSteps(w, size.Steps) }
	return out, nil
}

// congestion checks the name of a congestion control: the arithmetic knows bbr, and takes all others for alike.
func congestion(cat *catalogue.Catalogue, name string) (string, error) {
	k, err := cat.Lookup("net.ipv4.tcp_congestion_control")
	if err != nil {
		return "", err
	}
	if !slices.Contains(k.Words, name) {
		return "", report.Usage(fmt.Sprintf("cannot use --congestion %q: no such congestion control", name), "they are "+strings.Join(k.Words, ", "))
	}
	return name, nil
}

func showSteps(w io.Writer, steps []report.Step) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, step := range steps {
		printf(tw, "%s\t%s\t= %s\n", step.Label, step.Arithmetic, step.Result)
	}
	_ = tw.Flush()
}
