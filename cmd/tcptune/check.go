package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/urfave/cli/v2"
)

func checkCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "verify the release, architecture, kernel and limits of this host",
		UsageText: "tcptune check [--strict] [--production] [--root DIR] [--json]",
		Description: `Each check passes, warns or fails, with what was found, why it matters and what to do. It changes nothing and
needs no root; what it cannot see is a warning that says why. Besides the keys it looks at what limits TCP outside of
them: open files of those who listen, ports, queues, interrupts and rings of cards, huge pages, the clock, containers.
Exit code 0, 2 when a check fails (with --strict also when one warns), 5 on a system that tcptune does not know.

With --production it says as well whether this host and the services that tcptune has installed may be put before clients:
descriptors and memory that their processes really have, the log level, secrets that others can read, health and metrics,
where spans go, the firewall, tuning without drift, the clock. What cannot be seen then is exit code 2, too, and so are a
pending reboot and connection tracking that warns. Run it as root.

Examples:
  tcptune check
  tcptune check --strict --json
  sudo tcptune check --production`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "strict", Usage: "exit with 2 also for warnings"},
			&cli.BoolFlag{Name: "production", Usage: "check services and the host as they have to be before clients come"},
			rootFlag(), jsonFlag(), unsupportedFlag(),
		},
		Action: t.action(t.check),
	}
}

func (t terminal) check(c *cli.Context) (outcome, error) {
	if err := noArguments(c); err != nil {
		return outcome{}, err
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	done, err := target.Check(c.Context, c.Bool("strict"), c.Bool("production"))
	o := of(done)
	if o.report.Checks != nil {
		o.text = func(w io.Writer) { t.showChecks(w, o.report.Checks) }
	}
	return o, err
}

func (t terminal) showChecks(w io.Writer, checks []report.Check) {
	counts := map[report.Grade]int{}
	colors := map[report.Grade]string{report.Pass: green, report.Warn: yellow, report.Fail: red}
	for _, k := range checks {
		counts[k.Grade]++
		printf(w, "%s  %-20s %s\n", t.paint(colors[k.Grade], string(k.Grade)), k.Name, k.Value)
		if k.Grade == report.Pass {
			continue
		}
		if k.Reason != "" {
			printf(w, "%s\n", t.paint(faint, wrap(k.Reason, "      ")))
		}
		if k.Fix != "" {
			printf(w, "      fix: %s\n", k.Fix)
		}
	}
	printf(w, "\n%s\n", strings.Join([]string{
		fmt.Sprintf(
			"%d passed",
			counts[report.Pass],
		), count(counts[report.Warn], "warning"), count(counts[report.Fail], "failure"),
	}, ", "))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
