package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/report"
)

func lintCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "lint",
		Usage:     "say what is wrong with files that set kernel settings",
		UsageText: "tcptune lint [FILE ...] [--root DIR] [--json] [--format sarif|github]",
		ArgsUsage: "[FILE ...]",
		Description: `Judges each line: keys that no kernel has, that are misspelt or gone, values that the key cannot have, text that
only looks like a setting, lines that others decide against, files that nothing applies at boot, and values that experts
advise against, with reason and source. Without FILE it looks through the files of this host; - is standard input, and a
folder stands for its files that end in .conf. It changes nothing and needs no root.
Exit code 0 when nothing but notes is found, 2 when something is wrong; what cannot be read is wrong.

Examples:
  tcptune lint                                  the files of this host
  tcptune lint /etc/sysctl.d/99-tuning.conf
  cat *.conf | tcptune lint -                   before they are installed anywhere
  tcptune lint --root /mnt/image                the files of an image
  tcptune lint deploy/sysctl.d --format github  annotations for a pull request`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Usage: "print for a CI system, `sarif|github`: SARIF 2.1.0, or annotations of GitHub"},
			rootFlag(), jsonFlag(),
		},
		Action: t.action(t.lint),
	}
}

func (t terminal) lint(c *cli.Context) (outcome, error) {
	format := c.String("format")
	switch {
	case c.IsSet("format") && !slices.Contains(lintFormats(), format):
		return outcome{}, report.Usage(fmt.Sprintf("cannot use --format %q: it is %s", format, strings.Join(lintFormats(), " or ")), "")
	case format != "" && c.Bool("json"):
		return outcome{}, report.Usage("cannot print --json and --format at once", "")
	case slices.Contains(c.Args().Slice(), ""):
		return outcome{}, report.Usage("cannot read a file without a name", "see tcptune lint --help")
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	done, err := target.Lint(c.Args().Slice())
	if err != nil {
		return of(done), err
	}
	o := of(done)
	switch format {
	case "github":
		o.asked, o.text = true, func(io.Writer) { githubLint(t.out, o.report.Lint) }
	case "sarif":
		o.asked, o.text = true, func(io.Writer) { _ = sarifLint(t.out, o.report.Lint) }
	default:
		o.text = func(w io.Writer) { t.showLint(w, o.report.Lint) }
	}
	return o, nil
}

func lintFormats() []string { return []string{"sarif", "github"} }

// showLint prints one block for each finding.
func (t terminal) showLint(w io.Writer, found []report.Finding) {
	counts := map[report.Severity]int{}
	colors := map[report.Severity]string{report.Mistake: red, report.Warning: yellow, report.Note: faint}
	for _, f := range found {
		counts[f.Severity]++
		head := f.Key
		if f.Value != "" {
			head += " = " + f.Value
		}
		printf(w, "%s: %s  %s  %s\n", f.Target, t.paint(colors[f.Severity], string(f.Severity)), f.Kind, head)
		reason := f.Reason
		if f.Source != "" {
			reason += " (" + f.Source + ")"
		}
		printf(w, "%s\n", t.paint(faint, wrap(reason, "    ")))
		if f.Fix != "" {
			printf(w, "    fix: %s\n", f.Fix)
		}
	}
	if len(found) > 0 {
		printf(w, "\n")
	}
	printf(w, "%s\n", strings.Join([]string{
		count(counts[report.Mistake], "error"), count(counts[report.Warning], "warning"), count(counts[report.Note], "note"),
	}, ", "))
}

// githubLint prints workflow commands, which GitHub shows beside the lines of a pull request.
func githubLint(w io.Writer, found []report.Finding) {
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	message := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	for _, f := range found {
		level := map[report.Severity]string{report.Mistake: "error", report.Warning: "warning", report.Note: "notice"}[f.Severity]
		text := f.Reason
		if f.Fix != "" {
			text += "; fix: " + f.Fix
		}
		printf(w, "::%s file=%s,line=%d,title=%s::%s\n", level, property.Replace(oneLine(f.File)), max(f.Line, 1), f.Kind,
			message.Replace(oneLine(text)))
	}
}
