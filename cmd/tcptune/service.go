package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/service"
)

func serviceCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "service",
		Usage:     "install and run a socket-activated TCP server, the bundled one or your own",
		UsageText: "tcptune service install|uninstall|status|restart|logs",
		Subcommands: []*cli.Command{
			serviceInstallCommand(t), serviceUninstallCommand(t), serviceStatusCommand(t), serviceRestartCommand(t),
			serviceLogsCommand(t),
		},
	}
}

// serviceName is the one argument of a verb, or the bundled server.
func serviceName(c *cli.Context) (string, error) {
	switch c.NArg() {
	case 0:
		return service.Bundled, nil
	case 1:
		return c.Args().First(), nil
	}
	return "", report.Usage(fmt.Sprintf("cannot work on %d services at once", c.NArg()), "see "+fullName(c)+" --help")
}

// findService returns what is known of an installed service.
func findService(j plan.Journal, name string) (service.Spec, error) {
	specs, err := service.Installed(j)
	if err != nil {
		return service.Spec{}, err
	}
	for _, s := range specs {
		if s.Name == name {
			return s, nil
		}
	}
	return service.Spec{}, &report.Error{
		Code: "no-such-service", Message: fmt.Sprintf("cannot find the service %s: tcptune has installed none of that name", name),
		Hint: "tcptune service status lists what is installed",
	}
}

// requireSystemd refuses what needs a running systemd.
func requireSystemd(h host.Host) error {
	switch {
	case !h.Live():
		return host.ErrNoKernel
	case !h.SystemdRunning():
		return &report.Error{Code: "no-systemd", Message: "cannot run services", Err: host.ErrNoSystemd}
	}
	return nil
}

// openSettled opens a session for a verb that changes something else than the tuning. A window that waits for its confirmation is about the
// tuning, and is settled first.
func openSettled(c *cli.Context) (s session, notes []string, err error) {
	s, notes, err = open(c)
	if err == nil && s.Journal().Window != nil {
		s.Close()
		return s, notes, plan.ErrWindowOpen
	}
	return s, notes, err
}
