package main

import (
	"io"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/installer/fetch"
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
			&cli.StringFlag{Name: "arch", DefaultText: "that of this host", Usage: "for another `ARCHITECTURE`, arm64 for instance"},
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
	wish, err := installWish(c)
	if err != nil {
		return outcome{}, err
	}
	h, err := hostOf(c)
	if err != nil {
		return outcome{}, err
	}
	config, err := goConfig(c, h)
	if err != nil {
		return outcome{}, err
	}
	arch := c.String("arch")
	if arch == "" {
		if arch, err = fetch.Arch(h); err != nil {
			return outcome{}, err
		}
	}
	r, err := config.Resolve(c.Context, wish, arch)
	if err != nil {
		return outcome{}, err
	}
	defer frugal()()
	show, end := t.progress()
	names, err := config.Bundle(c.Context, r, arch, out, show)
	end()
	if err != nil {
		return outcome{}, err
	}
	o := outcome{report: envelope(nil, nil)}
	for _, p := range r.Passed {
		o.report.Warnings = append(o.report.Warnings, p.Error())
	}
	o.text = func(w io.Writer) {
		for _, name := range names {
			printf(w, "%s\n", filepath.Join(out, name))
		}
	}
	return o, nil
}
