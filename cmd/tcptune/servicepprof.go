package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

func servicePprofCommand(t terminal) *cli.Command {
	kinds := strings.Join(provision.ProfileKinds(), "|")
	return &cli.Command{
		Name:      "pprof",
		Usage:     "fetch a profile of the bundled server",
		UsageText: "sudo tcptune service pprof [" + kinds + "] [--for TIME] [--out FILE] [--name SERVICE]",
		ArgsUsage: "[KIND]",
		Description: `Asks the running server for a profile, and writes it to a file for "go tool pprof", which cannot ask a Unix socket
itself. Profiles are on that socket only, since they are for root. That of cpu, the default, takes as long as --for says.

Examples:
  sudo tcptune service pprof --for 10s
  sudo tcptune service pprof heap --out heap.pprof
  sudo tcptune service pprof goroutine --out - | go tool pprof -top -`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "name", Value: provision.BundledService, Usage: "ask `SERVICE`"},
			&cli.DurationFlag{Name: "for", Value: 30 * time.Second, Usage: "with cpu: measure for `TIME`, 1s to 10m"},
			&cli.StringFlag{
				Name: "out", Aliases: []string{"o"}, DefaultText: "SERVICE-KIND.pprof in this folder",
				Usage: "write it to `FILE`; - is standard output",
			},
		},
		Action: t.action(t.servicePprof),
	}
}

func (t terminal) servicePprof(c *cli.Context) (outcome, error) {
	kind, name, lasts, kinds := "cpu", c.String("name"), c.Duration("for"), provision.ProfileKinds()
	see := "see " + fullName(c) + " --help"
	if c.NArg() > 0 {
		kind = c.Args().First()
	}
	switch {
	case c.NArg() > 1:
		return outcome{}, report.Usage("cannot fetch more than one profile at once", see)
	case !slices.Contains(kinds, kind):
		return outcome{}, report.Usage(fmt.Sprintf("cannot fetch a profile %q: it is one of %s", kind, strings.Join(kinds, ", ")), see)
	case lasts < time.Second || lasts > 10*time.Minute:
		return outcome{}, report.Usage(fmt.Sprintf("cannot use --for %s: it is from 1s to 10m", lasts), see)
	case c.IsSet("for") && kind != "cpu":
		return outcome{}, report.Usage("cannot use --for with "+kind+": only that of cpu takes a time", see)
	case c.IsSet("out") && c.String("out") == "":
		return outcome{}, report.Usage("cannot use an empty --out", "")
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	file := c.String("out")
	if file == "" {
		file = name + "-" + kind + ".pprof"
	}
	size, err := target.ServiceProfile(c.Context, name, kind, lasts, file)
	if err != nil {
		return outcome{}, err
	}
	return outcome{aside: file == "-", text: func(w io.Writer) {
		printf(w, "%s: profile of %s of %d bytes; go tool pprof %s\n", file, kind, size, file)
	}}, nil
}
