package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/sysctl"
	"github.com/tcptune/tcptune/sysctl/catalogue"
)

func explainCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "what a key does, its unit, range and default, and who sets it here",
		UsageText: "tcptune explain KEY [--root DIR] [--json]\n   tcptune explain --list",
		ArgsUsage: "KEY",
		Description: `KEY may be written with dots or slashes, or as its last word alone.

Examples:
  tcptune explain net.ipv4.tcp_rmem
  tcptune explain tcp_fin_timeout
  tcptune explain --list                        all keys of the catalogue`,
		Flags:  []cli.Flag{&cli.BoolFlag{Name: "list", Usage: "list the keys of the catalogue"}, rootFlag(), jsonFlag()},
		Action: t.action(t.explain),
	}
}

func (t terminal) explain(c *cli.Context) (outcome, error) {
	cat, err := catalogue.Load()
	if err != nil {
		return outcome{}, err
	}
	h, err := hostOf(c)
	if err != nil {
		return outcome{}, err
	}
	var k catalogue.Key
	switch {
	case c.Bool("list"):
		if err := noArguments(c); err != nil {
			return outcome{}, err
		}
	case c.NArg() != 1:
		return outcome{}, report.Usage(fmt.Sprintf("cannot explain %d keys: name one", c.NArg()), "tcptune explain --list shows all of them")
	default:
		if k, err = cat.Lookup(c.Args().First()); err != nil {
			return outcome{}, fmt.Errorf("cannot explain it: %w", err)
		}
	}
	j, err := plan.ReadJournal(h)
	if err != nil {
		return outcome{}, err
	}
	names := []string{k.Name}
	if c.Bool("list") {
		names = cat.Names()
	}
	survey, err := sysctl.Observe(h, cat, j, names)
	if err != nil {
		return outcome{}, err
	}
	o := outcome{report: envelope(nil, survey.Unread())}
	if c.Bool("list") {
		for _, k := range cat.Keys() {
			o.report.Keys = append(o.report.Keys, survey.KeyNow(k))
		}
		o.text = func(w io.Writer) { listKeys(w, cat) }
		return o, nil
	}
	now := survey.KeyNow(k)
	o.report.Keys = []report.Key{now}
	o.text = func(w io.Writer) { showKey(w, k, &survey, now) }
	return o, nil
}

func listKeys(w io.Writer, cat *catalogue.Catalogue) {
	for _, k := range cat.Keys() {
		first, _, _ := strings.Cut(strings.Join(strings.Fields(k.Explain), " "), ". ")
		printf(w, "%-40s %s\n", k.Name, strings.TrimSuffix(first, ".")+".")
	}
}

func showKey(w io.Writer, k catalogue.Key, s *sysctl.Survey, now report.Key) {
	printf(w, "%s\n\n%s\n\n", k.Name, wrap(k.Explain, "  "))
	row := func(name, value string) {
		if value != "" {
			printf(w, "  %-22s %s\n", name, value)
		}
	}
	for _, f := range k.Fields {
		row(f.Name, fieldText(f))
	}
	row("scope", scopeText(k))
	if k.Module != "" {
		row("module", "appears with module "+k.Module)
	}
	if k.Since.Known() {
		row("since", "Linux "+k.Since.String())
	}
	for _, line := range k.DefaultLines() {
		row("default", line)
	}
	for _, m := range k.Myths {
		printf(w, "\n  Myth: %s\n%s\n", strings.Join(strings.Fields(m.Claim), " "), wrap(m.Truth, "  "))
	}
	printf(w, "\n  On this host\n")
	row("  running", orUnknown(now.Running))
	row("  after reboot", orUnknown(now.AfterReboot))
	row("  after sysctl --system", orUnknown(now.AfterSysctlSystem))
	if now.Reason != "" {
		row("  note", now.Reason)
	}
	for _, line := range s.Setters(k) {
		row("  set by", line)
	}
	printf(w, "\n  Sources\n")
	for _, src := range k.Sources {
		printf(w, "    %s\n", src)
	}
}

func orUnknown(v *string) string {
	if v == nil {
		return "unknown"
	}
	return side(v)
}

func fieldText(f catalogue.Field) string {
	text := ""
	if f.Min != f.Max {
		text = fmt.Sprintf("%d to %d", f.Min, f.Max)
	}
	if f.Unit != "" {
		text += " " + f.Unit
	}
	switch f.Rule {
	case catalogue.AtLeast:
		text += ", more is more"
	case catalogue.AtMost:
		text += ", less is more"
	case catalogue.Exact:
	}
	return strings.TrimSpace(text)
}

func scopeText(k catalogue.Key) string {
	if k.Scope == catalogue.Global {
		return "the whole machine"
	}
	if k.Inherit {
		return "each network namespace, a new one copies it"
	}
	return "each network namespace"
}

// wrap breaks text into lines of at most 100 characters behind indent.
func wrap(text, indent string) string {
	var out strings.Builder
	line := indent
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > 100 && line != indent {
			out.WriteString(line + "\n")
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	out.WriteString(line)
	return out.String()
}
