package main

import (
	"io"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
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
Tools are built as a user without privileges, and put beside it; tcptune go remove --all removes them, too. One that asks
for a newer Go is built by another installed one, or by one that is fetched and proven for it: that stays, inactive, until
tcptune go prune. --dry-run and tcptune go list say which it is; GOTOOLCHAIN never fetches one.

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
			&cli.StringFlag{
				Name:  "from-mod",
				Usage: "install what `FILE` needs: a go.mod, go.work, .go-version or .tool-versions; - is a go.mod on standard input",
			},
			&cli.StringFlag{Name: "file", Usage: "install from the archive in `FILE`, without a network"},
			&cli.StringFlag{Name: "sha256", Usage: "with --file: its checksum, as `DIGITS`, or h1:… of a module"},
			&cli.StringFlag{Name: "signature", DefaultText: "FILE.asc", Usage: "with --file: its signature, in `FILE`"},
			&cli.StringFlag{
				Name:  "tools",
				Usage: "then build these `TOOLS`: gopls@latest,dlv@v1.25.0,example.com/cmd/tool",
			},
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
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	r := provision.InstallGo{Progress: t.progress()}
	if list := c.String("tools"); c.IsSet("tools") {
		if c.String("root") != "" {
			return outcome{}, report.Usage("cannot build tools for an image: it runs nothing",
				"run tcptune go install --tools on the host that boots from it")
		}
		r.Tools = &list
	}
	if r.Source, err = goSource(c); err != nil {
		return outcome{}, err
	}
	if r.GoVersion, err = goVersion(c); err != nil {
		return outcome{}, err
	}
	done, tools, err := target.InstallGo(c.Context, r, c.Bool("dry-run"))
	if tools == nil || err != nil {
		return t.changedGo(c, done, err)
	}
	all := done.Report.Changes
	done.Report.Changes = all[:len(all)-len(tools.Changes)]
	o, _ := t.changedGo(c, done, nil)
	ofGo := o.text
	o.report.Changes = all
	o.text = func(w io.Writer) {
		ofGo(w)
		printf(w, "\n")
		t.showChanges(w, tools.Changes, asWanted)
		t.showTools(w, tools.Tools)
	}
	return o, nil
}
