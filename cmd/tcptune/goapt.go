package main

import (
	"cmp"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/report"
)

// aptNote is said whenever apt is asked to do something: it is nothing that tcptune can take back.
// goFromApt installs the distribution's package instead of a toolchain of our own.
func (t terminal) goFromApt(c *cli.Context) (outcome, error) {
	if from := c.String("from"); from != "apt" {
		return outcome{}, report.Usage(fmt.Sprintf("cannot install Go from %q", from),
			"--from takes apt; other ways are --source and --file")
	}
	for _, name := range []string{"root", "source", "file", "from-mod", "tools"} {
		if c.IsSet(name) {
			return outcome{}, report.Usage("cannot use --from apt together with --"+name, "see "+fullName(c)+" --help")
		}
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	v, err := goVersion(c)
	if err != nil {
		return outcome{}, err
	}
	done, err := target.AptGo(c.Context, v, c.Bool("dry-run"))
	o := of(done.Outcome)
	if err != nil {
		return o, err
	}
	o.text = func(w io.Writer) {
		name := done.Package + " " + done.Version
		switch {
		case done.Installed:
			g := o.report.Versions[0]
			printf(w, "%s is installed: Go %s, %s\n", name, cmp.Or(g.Target, "?"), g.Path)
		case !o.report.Changed:
			g := o.report.Versions[0]
			printf(w, "%s would be installed: Go %s, %s\n    %s\n", name, cmp.Or(g.Target, "?"), g.Path, done.Command)
		default:
			printf(w, "%s is installed, by apt\n", name)
			t.showVersions(w, o.report.Versions)
		}
	}
	return o, nil
}
