package main

import (
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

func serviceInstallCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "install",
		Usage:     "put a service on this host: units, limits, and the port from the next boot on",
		UsageText: "sudo tcptune service install [--listen ADDR] [--protocol P] [--now] ...\n   sudo tcptune service install --exec PROGRAM --listen ADDR [--now] [-- ARGS]",
		ArgsUsage: "[-- ARGS]",
		Description: `Writes a hardened, socket-activated pair of units for systemd and enables it, as one transaction: systemd listens,
and the first connection starts the service, so that a restart loses no client. The flags are the whole truth: a second
install with other ones plans the difference, and what runs takes it up. Without --now nothing is started before the next
boot, as with systemctl enable. With --now it is started, and asked a question over its port; when that is not answered,
everything is taken back.

With --exec the same pair is made for a program of yours that takes its listening socket from systemd, sd_listen_fds(3).
It gets no network of its own, no place to write to and no user, unless --network, --state-dir and --user say so. What it
would answer is not known: with --now it has to stay up, and what it does with a connection is for you to try. Without
--name it is called as the program; where a service of that name runs something else, --name has to say which is meant.
With --type notify it says itself when it is ready. -p adds lines to its unit, as systemd-run does: systemd-analyze verify
has to find nothing wrong with them, the plan names them, and what they take back of the hardening is said.

Examples:
  sudo tcptune service install --now                      the bundled server, echo on port 8080
  sudo tcptune service install --listen 127.0.0.1:9000 --protocol line --max-conns 10000 --limit idle-timeout=5m --now
  sudo tcptune service install --protocol relay --upstream 10.0.0.5:9000 --upstream 10.0.0.6:9000 --now
  sudo tcptune service install --exec /usr/local/bin/mydaemon --listen 9000 --state-dir --now -- --verbose
  sudo tcptune service install --exec /usr/local/bin/mydaemon --listen 9000 --type notify --overlap -p WatchdogSec=20s \
    -p EnvironmentFile=/etc/default/mydaemon -p After=postgresql.service -p MemoryMax=2G --now
  sudo tcptune service install --listen 0.0.0.0:8080 --listen [::]:8080 --listen /run/tcptune-server/x.sock --now
  tcptune service install --dry-run                       what would be changed
  tcptune service install --root /mnt/image               files of an image, no units started`,
		Flags: flags(serviceSpecFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "now", Usage: "start it, and prove that it answers"},
			&cli.BoolFlag{Name: "free-port", Usage: "with --now: stop who holds the port, as tcptune port --kill does"},
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "only show what would be changed"},
			waitFlag(), rootFlag(), jsonFlag(), unsupportedFlag(),
		}),
		Action: t.action(t.serviceInstall),
	}
}

func (t terminal) serviceInstall(c *cli.Context) (outcome, error) {
	target, err := targetOf(c)
	if err != nil {
		return outcome{}, err
	}
	now := c.Bool("now")
	switch {
	case now && c.IsSet("root") && c.String("root") != "/":
		return outcome{}, report.Usage("cannot use --now with --root: an image starts nothing", "")
	case c.Bool("free-port") && !now:
		return outcome{}, report.Usage("cannot use --free-port without --now: nothing listens before the next boot", "")
	}
	r := provision.InstallService{Now: now, FreePort: c.Bool("free-port")}
	if r.Spec, err = readSpec(c, target); err != nil {
		return outcome{}, err
	}
	if now {
		if err := target.RequireSystemd(); err != nil {
			return outcome{}, err
		}
	}
	if c.Bool("dry-run") {
		planned, err := target.InstallServicePlan(c.Context, r)
		return t.serviceChanged(of(planned), "to change", err)
	}
	done, err := target.InstallService(c.Context, r)
	o, err := t.serviceChanged(of(done.Outcome), changedVerb, err)
	if shown := o.text; err == nil {
		o.text = func(w io.Writer) {
			shown(w)
			t.showInstalled(w, r.Spec.Name, done)
		}
	}
	return o, err
}

func (t terminal) serviceChanged(o outcome, verb string, err error) (outcome, error) {
	if err == nil {
		o.text = func(w io.Writer) {
			t.showChanges(w, o.report.Changes, asWanted)
			sumUp(w, o.report.Changes, verb, asWanted)
		}
	}
	return o, err
}

func (t terminal) showInstalled(w io.Writer, name string, done provision.InstalledService) {
	switch {
	case done.Seen != "":
		printf(w, "%s %s\n", name, done.Seen)
	case done.Booted:
		printf(w, "%s listens from the next boot on, or from: sudo systemctl start %s\n", name, strings.Join(done.Sockets, " "))
	}
}
