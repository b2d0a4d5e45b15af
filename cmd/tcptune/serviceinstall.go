package main

import (
	"context"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/service"
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
would answer is not known: with --now it has to stay up, and what it does with a connection is for you to try.

Examples:
  sudo tcptune service install --now                      the bundled server, echo on port 8080
  sudo tcptune service install --listen 127.0.0.1:9000 --protocol line --max-conns 10000 --limit idle-timeout=5m --now
  sudo tcptune service install --protocol relay --upstream 10.0.0.5:9000 --upstream 10.0.0.6:9000 --now
  sudo tcptune service install --exec /usr/local/bin/mydaemon --listen 9000 --state-dir --now -- --verbose
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
	h, err := hostOf(c)
	if err != nil {
		return outcome{}, err
	}
	now := c.Bool("now")
	switch {
	case now && !h.Live():
		return outcome{}, report.Usage("cannot use --now with --root: an image starts nothing", "")
	case c.Bool("free-port") && !now:
		return outcome{}, report.Usage("cannot use --free-port without --now: nothing listens before the next boot", "")
	}
	spec, err := readSpec(c, h)
	if err != nil {
		return outcome{}, err
	}
	if now {
		if err := requireSystemd(h); err != nil {
			return outcome{}, err
		}
	}
	if c.Bool("dry-run") {
		return t.previewInstall(c, spec)
	}
	known, err := supportNotes(c)
	if err != nil {
		return outcome{}, err
	}
	s, notes, err := openSettled(c)
	if err != nil {
		return outcome{}, err
	}
	defer s.Close()
	o := outcome{report: s.report(append(known, notes...))}
	i := installing{spec: spec, host: h, now: now}
	if i.plan, err = i.draft(c.Context, s.Journal(), &o); err != nil {
		return o, err
	}
	if err := i.checkPorts(c.Context, &o, c.Bool("free-port")); err != nil {
		return o, err
	}
	if err := i.freePorts(c.Context, &o); err != nil {
		return o, err
	}
	return t.installNow(c.Context, s, i, o)
}

// installNow carries the plan out. What --free-port has stopped stays so, also when that fails.
func (t terminal) installNow(ctx context.Context, s session, i installing, o outcome) (outcome, error) {
	var seen string
	prove := func(ctx context.Context) (err error) {
		if i.now {
			seen, err = service.Prove(ctx, i.host, i.spec)
		}
		return err
	}
	began := time.Now()
	said := len(s.Notes)
	changes, err := s.ApplyProven(ctx, i.plan, prove)
	if err == nil && i.plan.Empty() {
		err = prove(ctx)
	}
	freed := o.report.Changes
	o.report.Changes = append(freed, plan.Rows(changes)...)
	o.report.Changed = s.Repaired || changed(o.report.Changes)
	o.report.Warnings = append(o.report.Warnings, s.Notes[said:]...)
	if err != nil {
		if i.now {
			for _, line := range service.LastWords(context.WithoutCancel(ctx), i.host, i.spec.Name, began, journalLines) {
				o.report.Warnings = append(o.report.Warnings, "journal: "+line)
			}
		}
		return o, err
	}
	if left(o.report.Changes) {
		o.code = report.ExitPartial
	}
	shown := o.report.Changes
	o.text = func(w io.Writer) {
		t.showChanges(w, shown, asWanted)
		sumUp(w, shown, changedVerb, asWanted)
		t.showInstalled(w, i, seen)
	}
	return o, nil
}

// journalLines is how much of the journal a failed start shows.
const journalLines = 6

func (t terminal) showInstalled(w io.Writer, i installing, seen string) {
	switch {
	case seen != "":
		printf(w, "%s %s\n", i.spec.Name, seen)
	case i.host.SystemdRunning():
		printf(w, "%s listens from the next boot on, or from: sudo systemctl start %s.socket\n", i.spec.Name, i.spec.Name)
	}
}

// previewInstall is the dry run. It needs no root.
func (t terminal) previewInstall(c *cli.Context, spec service.Spec) (outcome, error) {
	h, err := hostOf(c)
	if err != nil {
		return outcome{}, err
	}
	known, err := requireSupport(c, h)
	if err != nil {
		return outcome{}, err
	}
	j, notes, err := recall(h)
	if err != nil {
		return outcome{}, err
	}
	o := outcome{report: envelope(nil, append(known, notes...))}
	i := installing{spec: spec, host: h, now: c.Bool("now")}
	if i.plan, err = i.draft(c.Context, j, &o); err != nil {
		return o, err
	}
	if err := i.checkPorts(c.Context, &o, c.Bool("free-port")); err != nil {
		return o, err
	}
	o.report.Changes = append(changesOf(i.acts), plan.Rows(i.plan.Changes)...)
	if left(o.report.Changes) {
		o.code = report.ExitPartial
	}
	shown := o.report.Changes
	o.text = func(w io.Writer) {
		t.showChanges(w, shown, asWanted)
		sumUp(w, shown, "to change", asWanted)
	}
	return o, nil
}

// draft plans the installation, and notes which other services are to listen in the same place.
func (i installing) draft(ctx context.Context, j plan.Journal, o *outcome) (plan.Plan, error) {
	if err := service.CheckFiles(i.host, i.spec); err != nil {
		return plan.Plan{}, err
	}
	others, err := service.Installed(j)
	if err != nil {
		return plan.Plan{}, err
	}
	rivals, err := i.spec.Rivals(others)
	if err != nil {
		return plan.Plan{}, err
	}
	o.report.Warnings = append(o.report.Warnings, rivals...)
	return service.Install(ctx, i.host, j, i.spec, i.now)
}
