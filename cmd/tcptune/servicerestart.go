package main

import (
	"io"

	"github.com/urfave/cli/v2"
)

func serviceRestartCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "restart",
		Usage:     "replace the process of a service; clients wait, none is refused",
		UsageText: "sudo tcptune service restart [SERVICE] [--overlap] [--json]",
		ArgsUsage: "[SERVICE]",
		Description: `The socket stays open: who connects while the old process drains and the new one starts waits in its queue. With
--overlap nobody waits: a twin takes new connections from the same socket before the old process drains. Then the new
process takes over, and the twin drains. It is for services whose connections live long.

Examples:
  sudo tcptune service restart
  sudo tcptune service restart --overlap`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "overlap", Usage: "serve new connections while the old process drains"},
			waitFlag(), jsonFlag(),
		},
		Action: t.action(t.serviceRestart),
	}
}

func (t terminal) serviceRestart(c *cli.Context) (outcome, error) {
	name, err := serviceName(c)
	if err != nil {
		return outcome{}, err
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	done, seen, err := target.RestartService(c.Context, name, c.Bool("overlap"))
	o := of(done)
	if err == nil {
		o.text = func(w io.Writer) {
			t.showChanges(w, o.report.Changes, asWanted)
			printf(w, "restarted: %s %s\n", name, seen)
		}
	}
	return o, err
}
