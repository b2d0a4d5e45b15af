package main

import (
	"io"

	"github.com/urfave/cli/v2"
)

func serviceReloadCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "reload",
		Usage:     "have a service read its limits, its certificate or its configuration again",
		UsageText: "sudo tcptune service reload [SERVICE] [--json]",
		ArgsUsage: "[SERVICE]",
		Description: `The bundled server reads its limits and its certificate again, and both are read back from it. Before that they are
checked: what it could not serve with is an error, and changes nothing. systemd before 260 shows a process its certificate
only when it starts: where the one that clients get is not that of the file afterwards, the server hands over to a new
process as with restart, which refuses no client. So this is what renews a certificate, on each host.

A program of --exec is reloaded as its unit says: by --type notify-reload, or by -p ExecReload=COMMAND. One of which
neither is said is refused.

Examples:
  sudo tcptune service reload
  sudo tcptune service install --exec /usr/local/bin/mydaemon --listen 9000 -p 'ExecReload=/bin/kill -HUP $MAINPID' --now
  sudo tcptune service reload mydaemon`,
		Flags:  []cli.Flag{waitFlag(), jsonFlag()},
		Action: t.action(t.serviceReload),
	}
}

func (t terminal) serviceReload(c *cli.Context) (outcome, error) {
	name, err := serviceName(c)
	if err != nil {
		return outcome{}, err
	}
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	done, did, err := target.ReloadService(c.Context, name)
	o := of(done)
	if err == nil {
		o.text = func(w io.Writer) {
			t.showChanges(w, o.report.Changes, asWanted)
			printf(w, "%s\n", did)
		}
	}
	return o, err
}
