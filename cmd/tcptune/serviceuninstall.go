package main

import (
	"io"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/report"
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
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	verb, uninstall := "removed or stopped", target.UninstallService
	if c.Bool("dry-run") {
		verb, uninstall = "to remove or stop", target.UninstallServicePlan
	}
	done, err := uninstall(c.Context, name)
	o := of(done)
	if err == nil {
		o.text = func(w io.Writer) { t.showUninstalled(w, o.report.Changes, name, verb) }
	}
	return o, err
}

func (t terminal) showUninstalled(w io.Writer, changes []report.Change, name, verb string) {
	if len(changes) == 0 {
		printf(w, "nothing to do: tcptune has installed no service %s\n", name)
		return
	}
	t.showChanges(w, changes, asBefore)
	sumUp(w, changes, verb, asBefore)
}
