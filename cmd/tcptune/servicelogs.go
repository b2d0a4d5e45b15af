package main

import (
	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

func serviceLogsCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "logs",
		Usage:     "show what a service has logged",
		UsageText: "tcptune service logs [SERVICE] [-f] [-n N]",
		ArgsUsage: "[SERVICE]",
		Description: `Becomes journalctl for the units of the service. Without root, journalctl shows the journal of the system to members
of the groups adm and systemd-journal only.

Examples:
  sudo tcptune service logs -n 50
  sudo tcptune service logs -f`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Usage: "wait for more"},
			&cli.IntFlag{Name: "lines", Aliases: []string{"n"}, Usage: "show the last `N` lines", DefaultText: "all"},
		},
		Action: t.action(t.serviceLogs),
	}
}

func (t terminal) serviceLogs(c *cli.Context) (outcome, error) {
	name, err := serviceName(c)
	if err != nil {
		return outcome{}, err
	}
	if c.IsSet("lines") && c.Int("lines") < 0 {
		return outcome{}, report.Usage("cannot show a negative number of lines", "")
	}
	var lines *int
	if n := c.Int("lines"); c.IsSet("lines") {
		lines = &n
	}
	return outcome{}, provision.Target{}.ServiceLogs(name, c.Bool("follow"), lines, t.warn)
}
