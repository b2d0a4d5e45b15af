package main

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/service"
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
	h := host.Host{}
	j, notes, err := recall(h)
	if err != nil {
		return outcome{}, err
	}
	o := outcome{report: envelope(nil, notes)}
	if _, err := findService(j, name); err != nil { // journalctl would take it for a pattern
		return o, err
	}
	argv := append([]string{"journalctl"}, service.LogUnits(name)...)
	if c.Bool("follow") {
		argv = append(argv, "--follow")
	}
	if c.IsSet("lines") {
		argv = append(argv, "--lines="+strconv.Itoa(c.Int("lines")))
	}
	// Without PATH the program is looked for in the folders of the system only.
	env := slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "PATH=") })
	t.warn(notes)
	return outcome{}, h.Exec(argv, env)
}
