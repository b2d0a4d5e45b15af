package main

import (
	"context"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

// metricsTimer installs or removes the timer. What it reports is what is wanted of the host when it runs, and no flag's.
func (t terminal) metricsTimer(c *cli.Context, target provision.Target) (outcome, error) {
	install, remove := c.Bool("install-timer"), c.Bool("remove-timer")
	if install && remove {
		return outcome{}, report.Usage("cannot use --install-timer with --remove-timer", "")
	}
	for _, name := range []string{"profile", "bandwidth", "rtt", "flows", "live-qdisc"} {
		if c.IsSet(name) {
			return outcome{}, report.Usage("cannot use --"+name+" for the timer: it reports what is wanted when it runs",
				"declare it in /etc/tcptune/tcptune.yaml")
		}
	}
	if remove && c.IsSet("textfile") {
		return outcome{}, report.Usage("cannot use --textfile with --remove-timer: it removes what was installed", "")
	}
	if remove && c.IsSet("diagnose") {
		return outcome{}, report.Usage("cannot use --diagnose with --remove-timer", "")
	}
	wanted := provision.Timer{Textfile: provision.DefaultTextfile, Diagnose: c.Duration("diagnose")}
	if c.IsSet("textfile") {
		wanted.Textfile = c.String("textfile")
	}
	verb, timer := changedVerb, func(ctx context.Context) (provision.Outcome, error) {
		return target.InstallMetricsTimer(ctx, wanted)
	}
	switch dry := c.Bool("dry-run"); {
	case dry && install:
		verb, timer = "to change", func(ctx context.Context) (provision.Outcome, error) {
			return target.InstallMetricsTimerPlan(ctx, wanted)
		}
	case dry:
		verb, timer = "to remove or stop", target.RemoveMetricsTimerPlan
	case remove:
		verb, timer = "removed or stopped", target.RemoveMetricsTimer
	}
	done, err := timer(c.Context)
	o := of(done)
	if install || err != nil {
		return t.serviceChanged(o, verb, err)
	}
	o.text = func(w io.Writer) {
		if len(o.report.Changes) == 0 {
			printf(w, "nothing to do: tcptune has installed no timer\n")
			return
		}
		t.showChanges(w, o.report.Changes, asBefore)
		sumUp(w, o.report.Changes, verb, asBefore)
	}
	return o, nil
}
