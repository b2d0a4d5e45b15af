package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

func goInstallCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "install",
		Usage:     "install a Go toolchain for every user of this host, and activate it",
		UsageText: "sudo tcptune go install [VERSION] [--from-mod go.mod] [--source download,module] [--file ARCHIVE] ...",
		ArgsUsage: "[VERSION]",
		Description: `Gets a toolchain, verifies it, tries it out, and only then switches to it, in one step; what was active before is
kept for tcptune go rollback. Without VERSION it is the latest release. There are two ways, tried in the order of --source:
  download    the archives of go.dev/dl, or of a mirror (--base), proven by their signature
  module      golang.org/toolchain from the proxies of GOPROXY (--proxy), proven by the checksum database
One that cannot be reached gives way to the other; a proof that fails stops everything.

Each version has a folder in /usr/local/lib/tcptune/go. /usr/local/go leads to the active one, and /usr/local/bin/go,
gofmt and go1.26.3 lead there, so that login shells, sudo, cron and zsh find the same. GOROOT is never set.
Tools are built with it as a user without privileges, and put beside it; tcptune go remove --all removes them, too.

Examples:
  sudo tcptune go install                       the latest release
  sudo tcptune go install 1.26                  the newest patch of a series
  sudo tcptune go install --from-mod go.mod     what a project needs
  sudo tcptune go install --source module --proxy https://proxy.example.com
  sudo tcptune go install --file go1.26.3.linux-amd64.tar.gz     without a network, see tcptune go bundle
  sudo tcptune go install --tools gopls,dlv     and what editors need, for every user
  sudo tcptune go install --from apt            the distribution's own, whichever version that is
  tcptune go install --dry-run                  what would be changed`,
		Flags: flags(goSourceFlags(), []cli.Flag{
			&cli.StringFlag{Name: "from-mod", Usage: "install what the toolchain line, else the go line of `FILE` asks for"},
			&cli.StringFlag{Name: "file", Usage: "install from the archive in `FILE`, without a network"},
			&cli.StringFlag{Name: "sha256", Usage: "with --file: its checksum, as `DIGITS`, or h1:… of a module"},
			&cli.StringFlag{Name: "signature", DefaultText: "FILE.asc", Usage: "with --file: its signature, in `FILE`"},
			&cli.StringFlag{Name: "tools", Usage: "then build these `TOOLS` with it: gopls@latest,dlv@v1.25.0,example.com/cmd/tool"},
			&cli.StringFlag{Name: "from", Usage: "with `apt`: install the package of the distribution instead"},
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "only show what would be changed"},
			waitFlag(), rootFlag(), jsonFlag(), unsupportedFlag(),
		}),
		Action: t.action(t.goInstall),
	}
}

func (t terminal) goInstall(c *cli.Context) (outcome, error) {
	if c.IsSet("from") {
		return t.goFromApt(c)
	}
	tools, err := goTools(c)
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
	wish, err := installWish(c)
	if err != nil {
		return outcome{}, err
	}
	var known []string
	if !c.Bool("dry-run") {
		if known, err = supportNotes(c); err != nil {
			return outcome{}, err
		}
	}
	o, err := t.changeGo(c, func(ctx context.Context, h host.Host, at installer.Site) (goChange, error) {
		g, err := t.planInstall(ctx, h, at, config, wish, false)
		g.notes = append(known, g.notes...)
		return g, err
	})
	if err != nil || len(tools) == 0 {
		return o, err
	}
	return t.installTools(c, o, config, tools)
}

// planInstall plans the installation of what is wished for. With enough, a version that is active and fulfils the wish
// does, although there may be a newer one.
func (t terminal) planInstall(ctx context.Context, h host.Host, at installer.Site, config fetch.Config, wish fetch.Wish, enough bool) (g goChange, err error) {
	r := fetch.Resolved{}
	v, settled := at.Settled(wish)
	if !settled || !enough && v.String() != wish.String() {
		arch, err := fetch.Arch(h)
		if err != nil {
			return g, err
		}
		if r, err = config.Resolve(ctx, wish, arch); err != nil {
			return g, orFromFile(err)
		}
		v = r.Version
		for _, p := range r.Passed {
			g.notes = append(g.notes, p.Error())
		}
	}
	if g.plan, err = at.Install(v); err != nil {
		return g, err
	}
	notes := g.notes
	g = switching(h, g.plan, v)
	g.notes = notes
	if !installer.NeedsTree(g.plan) {
		return g, nil
	}
	if !h.Live() {
		g.notes = append(g.notes, "an image runs nothing: the new Go is not tried out")
	}
	g.ready = func(ctx context.Context) error {
		show, end := t.progress()
		defer end()
		defer frugal()()
		o, err := at.Stage(ctx, config, r, show)
		if err == nil {
			end()
			fmt.Fprintf(t.err, "Go %s from %s, verified by %s\n", v, o.URL, strings.Join(o.Verified, ", "))
		}
		return orFromFile(err)
	}
	return g, nil
}

// orFromFile adds to the hint of an error about sources that cannot be reached which way needs none of them.
func orFromFile(err error) error {
	var e *report.Error
	if errors.As(err, &e) && e.Code == fetch.Unreachable {
		if e.Hint != "" {
			e.Hint += "; "
		}
		e.Hint += "without a network: tcptune go bundle --out DIR on a host that has one, then tcptune go install --file ARCHIVE here"
	}
	return err
}

// fetchMemory is the bytes of heap from which garbage is collected while a toolchain passes through: main asks for none
// below a limit that suits commands which only look.
const fetchMemory = 48 << 20

// frugal keeps the memory of a download small until the returned function is called.
func frugal() (end func()) {
	before := debug.SetMemoryLimit(fetchMemory)
	return func() { debug.SetMemoryLimit(before) }
}

// installWish is the version that the command line asks for.
func installWish(c *cli.Context) (fetch.Wish, error) {
	file := c.String("from-mod")
	if file == "" {
		if !c.Args().Present() {
			return fetch.Wish{}, nil
		}
		return goWish(c)
	}
	if err := noArguments(c); err != nil {
		return fetch.Wish{}, report.Usage("cannot use --from-mod together with a version", "see "+fullName(c)+" --help")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fetch.Wish{}, fmt.Errorf("cannot read --from-mod: %w", err)
	}
	w, err := fetch.WishFromMod(text)
	return w, asUsage(err)
}
