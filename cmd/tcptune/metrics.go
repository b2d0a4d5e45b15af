package main

import (
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

func metricsCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:  "metrics",
		Usage: "the state of this host as figures for Prometheus",
		UsageText: "tcptune metrics [--textfile FILE] [--diagnose DURATION] [--profile PROFILE] [--root DIR] [--json]\n" +
			"   sudo tcptune metrics --install-timer|--remove-timer [--textfile FILE] [--diagnose DURATION] [--dry-run] [--root DIR] [--json]",
		Description: `Prints in the text format of Prometheus what status, check, go list and service status say: each key with its status
word, the grades of the checks, overflows of accept queues, connection tracking, TIME-WAIT, ephemeral ports, Go, services
and when an apply last succeeded. It changes nothing. What it cannot see has no figure, and a series of tcptune_unknown:
run it as root to see all of it. With --textfile it writes them for the textfile collector of node_exporter instead, whole
or not at all, readable by everybody. With --diagnose it takes so long, and says as well what limits TCP in that time.
Exit code 0 also when the host is not as wanted: tcptune_status_code says that.

With --install-timer systemd does that every minute: a hardened service and its timer, written as one transaction, which is
final only when the service has written the file. --remove-timer takes both back, and the file with them.

Examples:
  tcptune metrics
  sudo tcptune metrics --textfile /var/lib/prometheus/node-exporter/tcptune.prom
  tcptune metrics | promtool check metrics
  sudo tcptune metrics --diagnose 10s                     with the findings of tcptune diagnose
  sudo tcptune metrics --install-timer                    for the node_exporter of Debian and Ubuntu
  sudo tcptune metrics --install-timer --diagnose 10s     which looks for ten seconds of each minute
  sudo tcptune metrics --install-timer --textfile /srv/metrics/tcptune.prom
  tcptune metrics --install-timer --dry-run               what would be changed
  sudo tcptune metrics --remove-timer`,
		Flags: flags(wantFlags(), []cli.Flag{
			&cli.StringFlag{Name: "textfile", Usage: "write to `FILE`, which ends in .prom, instead of standard output"},
			&cli.DurationFlag{Name: "diagnose", Usage: "look for this `DURATION` for what limits TCP, as tcptune diagnose does"},
			&cli.BoolFlag{Name: "install-timer", Usage: "have systemd write the file every minute, " + provision.DefaultTextfile + " without --textfile"},
			&cli.BoolFlag{Name: "remove-timer", Usage: "take the timer, its service and the file back"},
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "with one of these: only show what would be changed"},
			waitFlag(), rootFlag(), jsonFlag(), unsupportedFlag(),
		}),
		Action: t.action(t.metrics),
	}
}

func (t terminal) metrics(c *cli.Context) (outcome, error) {
	if err := noArguments(c); err != nil {
		return outcome{}, err
	}
	file := c.String("textfile")
	if c.IsSet("textfile") && filepath.Ext(file) != ".prom" {
		return outcome{}, report.Usage("cannot use --textfile "+file+": the textfile collector reads files that end in .prom", "")
	}
	look := c.Duration("diagnose")
	if c.IsSet("diagnose") && (look <= 0 || look > time.Hour) {
		return outcome{}, report.Usage(fmt.Sprintf("cannot use --diagnose %s: more than nothing, and an hour at most", look), "")
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	switch {
	case c.Bool("install-timer") || c.Bool("remove-timer"):
		return t.metricsTimer(c, target)
	case c.Bool("dry-run"):
		return outcome{}, report.Usage("cannot use --dry-run: without --install-timer and --remove-timer nothing is changed", "")
	case look > 0 && c.IsSet("root"):
		return outcome{}, report.Usage("cannot use --diagnose with --root: in an image nothing runs", "")
	}
	passed, end := t.diagnoseProgress(c.Bool("json") || look == 0, look)
	done, err := target.Metrics(c.Context, tuningOf(c), provision.Diagnose{For: look, Passed: passed})
	end()
	o := of(done)
	switch {
	case err != nil:
	case file != "":
		err = target.WriteMetrics(o.report.Metrics, file)
	default:
		o.text = func(w io.Writer) { printf(w, "%s", report.Exposition(o.report.Metrics)) }
	}
	return o, err
}
