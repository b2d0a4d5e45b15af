package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"

	"github.com/urfave/cli/v2"
)

func explainCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "what a key does, its unit, range and default, and who sets it here",
		UsageText: "tcptune explain KEY [--root DIR] [--json]\n   tcptune explain --list",
		ArgsUsage: "KEY",
		Description: `KEY is any key of this host, or one that the catalogue knows. It may be written with dots or slashes, or as its last
word alone; a dot within a name, as in that of a VLAN, is written as a slash among dots.
Exit code 4 when the key is there and its running value cannot be read.

Examples:
  tcptune explain net.ipv4.tcp_rmem
  tcptune explain swappiness
  tcptune explain net.ipv4.conf.lo.rp_filter
  tcptune explain tcp_fin_timeout --root /mnt/image
  tcptune explain --list                        all keys of the catalogue`,
		Flags:  []cli.Flag{&cli.BoolFlag{Name: "list", Usage: "list the keys of the catalogue"}, rootFlag(), jsonFlag()},
		Action: t.action(t.explain),
	}
}

func (t terminal) explain(c *cli.Context) (outcome, error) {
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	switch {
	case c.Bool("list"):
		if err := noArguments(c); err != nil {
			return outcome{}, err
		}
		done, err := target.Keys()
		o := of(done)
		o.text = func(w io.Writer) { listKeys(w, done.Report.Explained) }
		return o, err
	case c.NArg() != 1:
		return outcome{}, report.Usage(
			fmt.Sprintf("cannot explain %d keys: name one", c.NArg()),
			"tcptune explain --list shows all of them",
		)
	}
	k, err := target.Explain(c.Args().First())
	o := of(k.Outcome)
	if err == nil {
		o.text = func(w io.Writer) { showKey(w, k) }
	}
	return o, err
}

func listKeys(w io.Writer, list []report.Explanation) {
	for _, k := range list {
		printf(w, "%-40s %s\n", k.Target, k.Text)
	}
}

func showKey(w io.Writer, k provision.Explained) {
	now, e := k.Report.Keys[0], k.Report.Explained[0]
	printf(w, "%s\n\n%s\n", now.Target, wrap(e.Text, "  "))
	if k.Facts != nil {
		printf(w, "\n")
	}
	row := func(name, value string) {
		if value != "" {
			printf(w, "  %-22s %s\n", name, value)
		}
	}
	for _, f := range k.Facts {
		row(f.Name, f.Value)
	}
	for _, m := range e.Myths {
		printf(w, "\n  Myth: %s\n%s\n", m.Claim, wrap(m.Truth, "  "))
	}
	printf(w, "\n  On this host\n")
	row("  running", orUnknown(now, report.KeyRunning, now.Running))
	row("  after reboot", orUnknown(now, report.KeyAfterReboot, now.AfterReboot))
	row("  after sysctl --system", orUnknown(now, report.KeySysctlSystem, now.AfterSysctlSystem))
	if now.Reason != "" {
		row("  note", now.Reason)
	}
	for _, line := range e.Setters {
		row("  set by", line)
	}
	if e.Setters == nil {
		row("  set by", "no file")
	}
	if e.Sources != nil {
		printf(w, "\n  Sources\n")
	}
	for _, src := range e.Sources {
		printf(w, "    %s\n", src)
	}
}

func orUnknown(k report.Key, field string, v *string) string {
	switch {
	case v == nil && k.Unknown[field] != "":
		return string(report.Unknown)
	case v == nil:
		return "-"
	}
	return side(v)
}

// wrap breaks text into lines of at most 80 characters behind indent.
func wrap(text, indent string) shown {
	var out strings.Builder
	line := indent
	for _, word := range strings.Fields(text) {
		word = oneLine(word)
		if len(line)+1+len(word) > 80 && line != indent {
			out.WriteString(line + "\n")
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	out.WriteString(line)
	return shown(out.String())
}
