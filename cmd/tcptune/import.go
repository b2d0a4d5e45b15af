package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

func importCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "make a profile of files that were written by hand",
		UsageText: "sudo tcptune import FILE ... [--name NAME] [--replace] [--dry-run] [--root DIR] [--json]",
		ArgsUsage: "FILE ...",
		Description: `Writes /etc/tcptune/profiles.d/NAME.yaml and says of each assignment what became of it: taken, default (what the
kernel does anyhow), corrected, replaced by a later line, dead, rejected with the reason, or stays (not about TCP, or about
several keys: it stays in its file, and in force). Of several files the later one counts; - is standard input. The
files stay as they are. A second import changes nothing; a profile that says something else is not overwritten without
--replace. Commands of shells, YAML, JSON and the syntax of TuneD and saptune are understood.
Exit code 0, 4 when a line was rejected; with --dry-run 2 when the profile would be written.

Examples:
  tcptune import /etc/sysctl.d/99-tuning.conf --dry-run
  sudo tcptune import /etc/sysctl.d/99-tuning.conf --name site
  sudo tcptune apply --profile site`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "name", DefaultText: "that of the first file", Usage: "call the profile `NAME`"},
			&cli.BoolFlag{Name: "replace", Usage: "overwrite a profile of that name"},
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "only show what would be written"},
			waitFlag(), rootFlag(), jsonFlag(),
		},
		Action: t.action(t.importFiles),
	}
}

func (t terminal) importFiles(c *cli.Context) (outcome, error) {
	switch {
	case c.NArg() == 0:
		return outcome{}, report.Usage("cannot import nothing: name a file", "see tcptune import --help")
	case slices.Contains(c.Args().Slice(), ""):
		return outcome{}, report.Usage("cannot read a file without a name", "see tcptune import --help")
	case c.IsSet("name") && c.String("name") == "":
		return outcome{}, report.Usage("cannot use an empty --name", "")
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	done, err := target.Import(c.Context, provision.Import{
		Files: c.Args().Slice(), Name: c.String("name"), Replace: c.Bool("replace"), DryRun: c.Bool("dry-run"),
	})
	o := of(done.Outcome)
	if o.report.Import != nil {
		o.text = func(w io.Writer) { t.showImport(w, done, err == nil) }
	}
	return o, err
}

// showImport prints a line for each assignment, what was written, and what comes next.
func (t terminal) showImport(w io.Writer, done provision.Taken, whole bool) {
	width := 0
	for _, i := range done.Report.Import {
		width = max(width, len(oneLine(i.Target)))
	}
	counts := map[report.Fate]int{}
	for _, i := range done.Report.Import {
		counts[i.Fate]++
		text := i.Key
		if i.Value != "" {
			text += " = " + i.Value
		}
		printf(w, "%-*s  %s  %s\n", width, oneLine(i.Target), t.paint(fateColor(i.Fate), fmt.Sprintf("%-9s", i.Fate)), text)
		if i.Reason != "" {
			printf(w, "%s\n", t.paint(faint, wrap(i.Reason, "    ")))
		}
	}
	printf(w, "\n")
	if !whole {
		return
	}
	t.showChanges(w, done.Report.Changes, "as it is")
	var words []string
	for _, f := range []report.Fate{
		report.Taken, report.IsDefault, report.Corrected, report.Replaced, report.Dead, report.Rejected, report.Stays,
	} {
		if n := counts[f]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, f))
		}
	}
	printf(w, "%s\n", strings.Join(words, ", "))
	printf(w, "next: sudo tcptune apply --profile %s\n", done.Profile)
}

func fateColor(f report.Fate) string {
	switch f {
	case report.Taken, report.Corrected:
		return green
	case report.IsDefault, report.Replaced, report.Stays:
		return faint
	case report.Dead:
		return yellow
	case report.Rejected:
		return red
	}
	return plainColor
}
