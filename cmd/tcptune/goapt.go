package main

import (
	"cmp"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// aptNote is said whenever apt is asked to do something: it is nothing that tcptune can take back.
const aptNote = "this is apt's own transaction: tcptune go rollback and remove do not undo it, sudo apt-get remove %s does"

// goFromApt installs the distribution's package instead of a toolchain of our own.
func (t terminal) goFromApt(c *cli.Context) (outcome, error) {
	o := outcome{report: envelope(nil, nil)}
	if from := c.String("from"); from != "apt" {
		return o, report.Usage(fmt.Sprintf("cannot install Go from %q", from), "--from takes apt; other ways are --source and --file")
	}
	for _, name := range []string{"root", "source", "file", "from-mod", "tools"} {
		if c.IsSet(name) {
			return o, report.Usage("cannot use --from apt together with --"+name, "see "+fullName(c)+" --help")
		}
	}
	wait, err := positive(c, "wait")
	if err != nil {
		return o, err
	}
	wish, err := installWish(c)
	if err != nil {
		return o, err
	}
	h := host.Host{}
	if !c.Bool("dry-run") {
		if err := requireRoot(h); err != nil {
			return o, err
		}
	}
	p, err := installer.FindApt(c.Context, h, wish)
	if err != nil {
		return o, asUsage(err)
	}
	found := report.GoVersion{Target: p.Go(), State: "available", By: "apt", Path: p.Program()}
	if p.Installed == p.Candidate {
		found.State = "installed"
		o.report.Versions = []report.GoVersion{found}
		o.text = func(w io.Writer) {
			printf(w, "%s %s is installed: Go %s, %s\n", p.Name, p.Installed, cmp.Or(p.Go(), "?"), p.Program())
		}
		return o, nil
	}
	o.report.Warnings = append(o.report.Warnings, fmt.Sprintf(aptNote, p.Name))
	if c.Bool("dry-run") {
		o.report.Versions = []report.GoVersion{found}
		o.text = func(w io.Writer) {
			printf(w, "%s %s would be installed: Go %s, %s\n    %s\n", p.Name, p.Candidate, cmp.Or(p.Go(), "?"), p.Program(), p.Command())
		}
		return o, nil
	}
	if err := p.Install(c.Context, h, wait); err != nil {
		return o, err
	}
	o.report.Changed = true
	at, err := installer.Observe(h, plan.Journal{})
	if err != nil {
		return o, err
	}
	for _, g := range at.List() {
		if g.By == "apt" {
			o.report.Versions = append(o.report.Versions, g)
		}
	}
	if p.Name == "golang-go" {
		for _, s := range at.Shells() {
			if s.State != "unknown" && s.Go != p.Program() {
				o.report.Warnings = append(o.report.Warnings, fmt.Sprintf("%s runs %s: %s", s.Target, cmp.Or(s.Go, "no go"), s.Why))
			}
		}
	}
	o.text = func(w io.Writer) {
		printf(w, "%s %s is installed, by apt\n", p.Name, p.Candidate)
		t.showVersions(w, o.report.Versions)
	}
	return o, nil
}
