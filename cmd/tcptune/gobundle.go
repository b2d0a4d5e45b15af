package main

import (
	"io"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

func goBundleCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "bundle",
		Usage:     "fetch all that go install --file needs on a host without a network",
		UsageText: "tcptune go bundle [VERSION] --out DIR [--source download,module] ...",
		ArgsUsage: "[VERSION]",
		Description: `Puts a toolchain and what proves it into a folder, verified, to be carried to a host that reaches nothing. It needs no
root and installs nothing.

Example:
  tcptune go bundle 1.26 --out go-bundle
  sudo tcptune go install --file go-bundle/go1.26.3.linux-amd64.tar.gz     there`,
		Flags: flags(goSourceFlags(), []cli.Flag{
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "put it into the folder `DIR`, which is made"},
			&cli.StringFlag{
				Name: "arch", DefaultText: "that of this host",
				Usage: "for another `ARCHITECTURE`, arm64 for instance",
			},
			jsonFlag(),
		}),
		Action: t.action(t.goBundle),
	}
}

func (t terminal) goBundle(c *cli.Context) (outcome, error) {
	out := c.String("out")
	if out == "" {
		return outcome{}, report.Usage("cannot make a bundle without --out DIR", "see "+fullName(c)+" --help")
	}
	r := provision.BundleGo{Out: out, Arch: c.String("arch"), Progress: t.progress()}
	var err error
	if r.GoVersion, err = goVersion(c); err != nil {
		return outcome{}, err
	}
	if r.Source, err = goSource(c); err != nil {
		return outcome{}, err
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	done, files, err := target.BundleGo(c.Context, r)
	o := of(done)
	if err == nil {
		o.text = func(w io.Writer) {
			for _, file := range files {
				printf(w, "%s\n", file)
			}
		}
	}
	return o, err
}
