package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/internal/report/page"
)

func diagnoseCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "diagnose",
		Usage:     "say which limit bites now, with evidence, and what moves it",
		UsageText: "tcptune diagnose [--for DURATION] [--port PORT] [--unit UNIT] [--pid PID] [--netns NETNS] [--write-profile NAME] [--html | --json]",
		Description: `Looks at the kernel's counters and at every TCP socket twice, and says what limited TCP in between: full queues, windows,
buffers, losses, long queues on the way, ports, descriptors, processors. Each finding says how sure it is (certain, likely,
hint), what was seen, and what moves it: a key with a value computed from that, a line of the unit, a setting of the
program, more CPU, or nothing on this host. Often nothing limits TCP and the application does: that is a finding as well.
It only reads. Without root it cannot tell who listens, and says so. Connections that come and go between two looks take
their figures along: of short ones it sees the counters alone.
Exit code 0, 4 when something could not be judged, which is named.

Examples:
  sudo tcptune diagnose
  sudo tcptune diagnose --for 30s --port 443 -v
  sudo tcptune diagnose --unit nginx.service --json             a document to keep, as before.json
  sudo tcptune diagnose --html > limits.html                    a page with the distributions of round trips, rates and waits
  sudo tcptune diagnose --write-profile measured
  tcptune plan --profile measured
  sudo tcptune diagnose --before before.json                    which findings went away since`,
		Flags: []cli.Flag{
			&cli.DurationFlag{Name: "for", Value: 10 * time.Second, Usage: "let this `DURATION` pass between the looks"},
			&cli.BoolFlag{Name: "watch", Aliases: []string{"w"}, Usage: "go on, until interrupted; with --json one document a line"},
			&cli.IntFlag{Name: "port", Usage: "only what comes in at `PORT`, or goes out to it"},
			&cli.StringFlag{Name: "unit", Usage: "only the sockets of `UNIT`"},
			&cli.IntFlag{Name: "pid", Usage: "only the sockets of process `PID`"},
			&cli.StringFlag{Name: "netns", Usage: "look into the network namespace `NETNS`: a name of ip-netns(8), a PID, or all"},
			&cli.StringFlag{Name: "write-profile", Usage: "make a profile `NAME` of the keys that are advised"},
			&cli.BoolFlag{Name: "replace", Usage: "with --write-profile: overwrite a profile of that name"},
			&cli.StringFlag{Name: "before", Usage: "compare with the JSON document in `FILE`, of an earlier run"},
			&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "say as well what it means, how to check afterwards, and the source"},
			&cli.BoolFlag{Name: "html", Usage: "print one page that needs no network: findings, round trips, rates, and what connections waited for"},
			jsonFlag(),
		},
		Action: t.action(t.diagnose),
	}
}

func (t terminal) diagnose(c *cli.Context) (outcome, error) {
	d, err := diagnoseWish(c)
	if err != nil {
		return outcome{}, err
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	for {
		passed, end := t.diagnoseProgress(c.Bool("json"), d.For)
		d.Passed = passed
		done, err := target.Diagnose(c.Context, d)
		end()
		o := of(done)
		if done.Report.Findings != nil {
			o.text = func(w io.Writer) { t.showDiagnosis(w, done.Report, c.Bool("verbose")) }
			if c.Bool("html") {
				o.asked, o.text = true, func(io.Writer) { t.showPage(page.Diagnose(*done.Report.Findings, done.Report.Observed)) }
			}
		}
		if !c.Bool("watch") {
			return o, err
		}
		if c.Context.Err() != nil {
			return outcome{said: true}, nil
		}
		if err != nil {
			return o, err
		}
		if err := t.showDiagnosed(c, o); err != nil {
			return outcome{}, err
		}
	}
}

// showDiagnosed shows one of several outcomes.
func (t terminal) showDiagnosed(c *cli.Context, o outcome) error {
	if !c.Bool("json") {
		t.warn(o.report.Warnings)
		t.show(o)
		printf(t.out, "\n")
		return nil
	}
	r := o.report.Summed()
	r.Schema, r.Command, r.ExitCode = report.Schema, "diagnose", o.code
	r.Changes, r.Warnings = []report.Change{}, append([]string{}, r.Warnings...)
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("cannot print the report: %w", err)
	}
	printf(t.out, "%s\n", shown(asciiControls(string(line))))
	return nil
}

func diagnoseWish(c *cli.Context) (d provision.Diagnose, err error) {
	if err := noArguments(c); err != nil {
		return d, err
	}
	for _, name := range []string{"unit", "netns", "write-profile", "before"} {
		if c.IsSet(name) && c.String(name) == "" {
			return d, report.Usage("cannot use an empty --"+name, "")
		}
	}
	d = provision.Diagnose{
		For: c.Duration("for"), Port: c.Int("port"), Unit: c.String("unit"), Pid: c.Int("pid"), Netns: c.String("netns"),
		Before: c.String("before"), WriteProfile: c.String("write-profile"), Replace: c.Bool("replace"),
	}
	if d.Unit != "" && !strings.Contains(d.Unit, ".") {
		d.Unit += ".service"
	}
	switch {
	case d.For <= 0 || d.For > time.Hour:
		return d, report.Usage(fmt.Sprintf("cannot use --for %s: more than nothing, and an hour at most", d.For), "")
	case c.IsSet("port") && (d.Port < 1 || d.Port > math.MaxUint16):
		return d, report.Usage(fmt.Sprintf("cannot use --port %d: a port is 1 to 65535", d.Port), "")
	case c.IsSet("pid") && d.Pid < 1:
		return d, report.Usage(fmt.Sprintf("cannot use --pid %d: no process has that number", d.Pid), "")
	case d.Unit != "" && d.Pid != 0:
		return d, report.Usage("cannot use --unit with --pid", "")
	case c.Bool("watch") && (d.WriteProfile != "" || d.Before != "" || c.Bool("html")):
		return d, report.Usage("cannot use --watch with --write-profile, --before or --html", "")
	case c.Bool("html") && c.Bool("json"):
		return d, report.Usage("cannot print more than one of --json and --html", "")
	case c.Bool("replace") && d.WriteProfile == "":
		return d, report.Usage("cannot use --replace without --write-profile", "")
	}
	return d, nil
}

// diagnoseProgress is a bar on a terminal, and nothing elsewhere.
func (t terminal) diagnoseProgress(quiet bool, whole time.Duration) (passed func(time.Duration), end func()) {
	if !t.errColor || t.quiet || quiet {
		return nil, func() {}
	}
	bar := progressbar.NewOptions64(
		whole.Milliseconds(),
		progressbar.OptionSetWriter(t.err),
		progressbar.OptionSetDescription("looking, for "+whole.String()),
		progressbar.OptionSetWidth(30),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionClearOnFinish(),
	)
	return func(d time.Duration) { _ = bar.Set64(d.Milliseconds()) }, func() { _ = bar.Clear() }
}

func (t terminal) showDiagnosis(w io.Writer, r report.Report, verbose bool) {
	colors := map[string]string{"certain": red, "likely": yellow, "hint": faint}
	for _, f := range *r.Findings {
		color, mark := colors[f.Certainty], ""
		if f.Rule == "application" {
			color = green
		}
		if f.New {
			mark = ", new"
		}
		where := f.Target
		if f.Namespace != "" {
			where += " in " + f.Namespace
		}
		printf(w, "%s  %-15s %s%s\n", t.paint(color, fmt.Sprintf("%-7s", f.Certainty)), f.Rule, where, shown(mark))
		if verbose || f.Rule == "application" {
			printf(w, "%s\n", wrap(f.Words, "         "))
		}
		printf(w, "%s\n", t.paint(faint, wrap(f.Evidence, "         ")))
		for _, a := range f.Advice {
			printf(w, "         %s\n", advice(a))
		}
		if verbose {
			printf(w, "         then:   %s\n         source: %s\n", f.Check, f.Source)
		}
	}
	for _, o := range r.Observed {
		t.showObserved(w, o, len(*r.Findings))
	}
	t.showChanges(w, slices.Clone(r.Changes), "as it is")
}

// advice is what to do, as one would type it.
func advice(a report.Advised) shown {
	switch a.Kind {
	case "key":
		return shown("-> " + oneLine(a.Target) + " = " + oneLine(a.Value))
	case "elsewhere":
		return shown("-> not on this host: " + oneLine(a.Target) + ": " + oneLine(a.Value))
	}
	return shown("-> " + oneLine(a.Target) + ": " + oneLine(a.Value))
}

func (t terminal) showObserved(w io.Writer, o report.Observed, found int) {
	for _, u := range o.Unknown {
		printf(w, "%s  %-15s %s: %s\n", t.paint(yellow, "unknown"), u.Rule, u.Target, u.Reason)
	}
	for _, name := range o.Gone {
		printf(w, "%s     %s\n", t.paint(green, "gone"), name)
	}
	if found == 0 {
		printf(w, "no limit shows\n")
	}
	where := ""
	if o.Namespace != "" {
		where = oneLine(o.Namespace) + ": "
	}
	printf(w, "\n%s%s, %d of which sent something in %.3g s; %d came and %d went meanwhile\n", shown(where),
		count(o.Sockets, "connection"), o.Sending, o.Duration, o.Came, o.Went)
	if o.Sampled < 1 {
		printf(w, "one in %.0f connections was followed\n", 1/o.Sampled)
	}
}
