package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

func serviceCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "service",
		Usage:     "install and run a socket-activated TCP server, the bundled one or your own",
		UsageText: "tcptune service install|uninstall|status|restart|reload|logs|pprof",
		Subcommands: []*cli.Command{
			serviceInstallCommand(t), serviceUninstallCommand(t), serviceStatusCommand(t), serviceRestartCommand(t),
			serviceReloadCommand(t), serviceLogsCommand(t), servicePprofCommand(t),
		},
	}
}

// serviceName is the one argument of a verb, or the bundled server.
func serviceName(c *cli.Context) (string, error) {
	switch c.NArg() {
	case 0:
		return provision.BundledService, nil
	case 1:
		return c.Args().First(), nil
	}
	return "", report.Usage(fmt.Sprintf("cannot work on %d services at once", c.NArg()), "see "+fullName(c)+" --help")
}
