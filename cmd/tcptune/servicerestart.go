package main

import (
	"io"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/service"
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
	s, notes, err := openSettled(c)
	if err != nil {
		return outcome{}, err
	}
	defer s.Close()
	o := outcome{report: s.report(notes)}
	spec, err := findService(s.Journal(), name)
	if err != nil {
		return o, err
	}
	if err := requireSystemd(s.host); err != nil {
		return o, err
	}
	restart := service.Restart
	if c.Bool("overlap") {
		restart = service.Overlap
	}
	changes, err := restart(c.Context, s.host.SystemManager(), name)
	o.report.Changes = plan.Rows(changes)
	o.report.Changed = s.Repaired || len(o.report.Changes) > 0
	if err != nil {
		return o, err
	}
	seen, err := service.Prove(c.Context, s.host, spec)
	if err != nil {
		return o, err
	}
	o.text = func(w io.Writer) {
		t.showChanges(w, o.report.Changes, asWanted)
		printf(w, "restarted: %s %s\n", name, seen)
	}
	return o, nil
}
