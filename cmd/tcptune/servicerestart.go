package main

import (
	"io"

	"github.com/urfave/cli/v2"
)

func serviceRestartCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "restart",
		Usage:     "replace the process of a service; no client is refused",
		UsageText: "sudo tcptune service restart [SERVICE] [--overlap] [--json]",
		ArgsUsage: "[SERVICE]",
		Description: `The program, its limits and its certificate are checked before the old process is told to go. Then the bundled server
hands over: a twin takes new connections on the same socket, the old process drains, a new one takes over and the twin
drains. Where the twin does not come up, the old process is left alone. It is the way to renew a certificate: systemd reads
it when a process starts. A program of --exec has no twin: who connects while the old process drains and the new one starts
waits in the queue of the socket, which stays open. --overlap refuses what cannot be handed over.

Examples:
  sudo tcptune service restart
  sudo tcptune service restart --overlap`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "overlap", Usage: "refuse a service that cannot hand over, which is one of --exec"},
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
