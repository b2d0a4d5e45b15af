package main

import (
	"context"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/service"
)

func serviceUninstallCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "uninstall",
		Usage:     "stop a service and remove what was installed",
		UsageText: "sudo tcptune service uninstall [SERVICE] [--dry-run] [--root DIR] [--json]",
		ArgsUsage: "[SERVICE]",
		Description: `Closes the socket, stops the service, which drains, and removes exactly the files that were installed. One that was
edited since is left and reported (exit code 4), and so are drop-ins and what the service has saved.

Examples:
  sudo tcptune service uninstall
  sudo tcptune service uninstall mydaemon --dry-run`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "only show what would be removed"},
			waitFlag(), rootFlag(), jsonFlag(),
		},
		Action: t.action(t.serviceUninstall),
	}
}

func (t terminal) serviceUninstall(c *cli.Context) (outcome, error) {
	name, err := serviceName(c)
	if err != nil {
		return outcome{}, err
	}
	if c.Bool("dry-run") {
		return t.previewUninstall(c, name)
	}
	s, notes, err := openSettled(c)
	if err != nil {
		return outcome{}, err
	}
	defer s.Close()
	o := outcome{report: s.report(notes)}
	p, stays, err := service.Uninstall(c.Context, s.host, s.Journal(), name)
	if err != nil {
		return o, err
	}
	o.report.Warnings = append(o.report.Warnings, stays...)
	said := len(s.Notes)
	changes, err := s.Apply(c.Context, p)
	o.report.Changes = plan.Rows(changes)
	o.report.Warnings = append(o.report.Warnings, s.Notes[said:]...)
	o.report.Changed = s.Repaired || changed(o.report.Changes)
	if err != nil {
		return o, err
	}
	if err := forgetUnits(c.Context, s.host, changes); err != nil {
		o.report.Warnings = append(o.report.Warnings, err.Error())
	}
	return t.uninstalled(o, name, "removed or stopped"), nil
}

func (t terminal) previewUninstall(c *cli.Context, name string) (outcome, error) {
	h, err := hostOf(c)
	if err != nil {
		return outcome{}, err
	}
	j, notes, err := recall(h)
	if err != nil {
		return outcome{}, err
	}
	p, stays, err := service.Uninstall(c.Context, h, j, name)
	if err != nil {
		return outcome{}, err
	}
	return t.uninstalled(outcome{report: envelope(p.Changes, append(notes, stays...))}, name, "to remove or stop"), nil
}

func (t terminal) uninstalled(o outcome, name, verb string) outcome {
	changes := o.report.Changes
	if left(changes) {
		o.code = report.ExitPartial
	}
	o.text = func(w io.Writer) {
		if len(changes) == 0 {
			printf(w, "nothing to do: tcptune has installed no service %s\n", name)
			return
		}
		t.showChanges(w, changes, asBefore)
		sumUp(w, changes, verb, asBefore)
	}
	return o
}

// forgetUnits makes systemd forget that units which are no more have failed.
func forgetUnits(ctx context.Context, h host.Host, changes []plan.Change) error {
	if !h.SystemdRunning() {
		return nil
	}
	for _, unit := range service.Gone(changes) {
		if err := h.SystemManager().ResetFailed(ctx, unit); err != nil {
			return err
		}
	}
	return nil
}
