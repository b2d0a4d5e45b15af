package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/tcptune/tcptune/internal/report"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/sysctl"
)

func applyCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "apply",
		Usage:     "bring this host to the wanted state",
		UsageText: "sudo tcptune apply [PLANFILE] [--profile PROFILE] [--confirm 60s] [--dry-run] [--root DIR] [--json]",
		ArgsUsage: "[PLANFILE]",
		Description: `Sets the running values and writes the files that keep them after a reboot, as one transaction: what cannot
be completed is rolled back, and a run that is killed is undone by the next one. A second apply changes nothing.

Without --profile it applies what /etc/tcptune/tcptune.yaml declares, else what was applied last, else profile server.

Examples:
  sudo tcptune apply                            tune this host
  sudo tcptune apply --dry-run                  the same as tcptune plan
  sudo tcptune apply --confirm 60s              take it back unless tcptune confirm follows within a minute
  sudo tcptune apply --profile proxy            many outgoing connections
  sudo tcptune apply saved.json                 a plan saved by tcptune plan --out
  tcptune apply --root /mnt/image               files of an image, no running values`,
		Flags: flags(wantFlags(), []cli.Flag{
			&cli.DurationFlag{Name: "confirm", DefaultText: "nothing waits", Usage: "revert after this `DURATION` unless tcptune confirm comes first"},
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "only show what would be changed, as tcptune plan"},
			&cli.BoolFlag{Name: "detailed-exitcode", Usage: "exit with 2 instead of 0 when something was changed"},
			waitFlag(), rootFlag(), jsonFlag(), unsupportedFlag(),
		}),
		Action: t.action(t.apply),
	}
}

func (t terminal) apply(c *cli.Context) (outcome, error) {
	saved, options, err := savedPlan(c)
	if err != nil {
		return outcome{}, err
	}
	window, err := confirmTime(c)
	if err != nil {
		return outcome{}, err
	}
	if c.Bool("dry-run") {
		return t.preview(c, saved, options)
	}
	known, err := supportNotes(c)
	if err != nil {
		return outcome{}, err
	}
	s, notes, err := open(c)
	if err != nil {
		return outcome{}, err
	}
	defer s.Close()
	notes = append(known, notes...)
	if s.Journal().Window != nil {
		return outcome{report: s.report(notes)}, plan.ErrWindowOpen
	}
	d, err := makeDraft(c, s.host, s.Journal(), options, saved == nil)
	if err != nil {
		return outcome{report: s.report(notes)}, err
	}
	if window == 0 {
		err = t.withGo(c, s.host, s.Journal(), &d)
	} else if drift, derr := goDrift(s.host, s.Journal()); drift != "" {
		notes, err = append(notes, drift+": that is for an apply without --confirm"), derr
	}
	o := outcome{report: envelope(d.Changes, append(notes, d.Warnings...))}
	if err != nil {
		return o, err
	}
	if err := d.refuse(saved); err != nil {
		return o, err
	}
	if window > 0 && !d.Empty() {
		d.Changes, err = applyUnconfirmed(c, s, d, window)
	} else {
		if window > 0 {
			o.report.Warnings = append(o.report.Warnings, "nothing is to be changed, so nothing waits for a confirmation")
		}
		window = 0
		if err := d.makeReady(c.Context); err != nil {
			return o, interrupted(c.Context, err)
		}
		d.Changes, err = applyAll(c, s, d)
	}
	o.report.Changes = plan.Rows(d.Changes)
	o.report.Changed = s.Repaired || changed(o.report.Changes)
	if err != nil {
		return o, err
	}
	o.text = func(w io.Writer) { t.showPlan(w, d, changedVerb) }
	if window > 0 {
		o.report.Warnings = append(o.report.Warnings, fmt.Sprintf("this is taken back in %s unless you run: sudo tcptune confirm", window))
	}
	switch {
	case partial(o.report.Changes):
		o.code = report.ExitPartial
	case o.report.Changed && c.Bool("detailed-exitcode"):
		o.code = report.ExitDiffers
	}
	return o, nil
}

// session is an open session and the host that it is on.
type session struct {
	*plan.Session
	host host.Host
}

// open checks that the command may change its host, and takes the lock. The notes are what is worth saying first.
func open(c *cli.Context) (s session, notes []string, err error) {
	if s.host, err = hostOf(c); err != nil {
		return s, nil, err
	}
	wait, err := positive(c, "wait")
	if err != nil {
		return s, nil, err
	}
	if err := requireRoot(s.host); err != nil {
		return s, nil, err
	}
	sessionsOpen.Add(1)
	s.Session, err = plan.Open(c.Context, s.host, wait)
	if err != nil {
		sessionsOpen.Add(-1)
		return s, nil, err
	}
	notes = s.Notes
	if err := installer.Sweep(s.host); err != nil {
		notes = append(notes, err.Error())
	}
	return s, notes, nil
}

// Close tidies up and gives the lock back.
func (s session) Close() {
	_ = installer.Sweep(s.host) // what cannot be removed now is removed, or said, by the next command
	s.Session.Close()
	sessionsOpen.Add(-1)
}

// supportNotes is requireSupport for the host of the command. The ways back, confirm and revert, do without it: a host
// that was upgraded to an unknown release must not be locked in.
func supportNotes(c *cli.Context) ([]string, error) {
	h, err := hostOf(c)
	if err != nil {
		return nil, err
	}
	if _, err := positive(c, "wait"); err != nil {
		return nil, err
	}
	if err := requireRoot(h); err != nil {
		return nil, err
	}
	return requireSupport(c, h)
}

// report is an envelope with no change but what opening the session has repaired.
func (s session) report(notes []string) report.Report {
	r := envelope(nil, notes)
	r.Changed = s.Repaired
	return r
}

// applyAll applies d. When the kernel refuses what only it could know, our file must not ask for that at the next boot
// either: then the plan is made once more, with that knowledge, and the file is written without it.
func applyAll(c *cli.Context, s session, d draft) ([]plan.Change, error) {
	knewBetter := len(s.Journal().Refused) > 0 // then what was refused may have been taken now, and wants its line
	changes, err := s.Apply(c.Context, d.Plan)
	if err != nil || !knewBetter && !tried(changes) {
		return changes, err
	}
	again, err := makeDraft(c, s.host, s.Journal(), &d.options, false)
	if err != nil {
		return changes, err
	}
	second, err := s.Apply(c.Context, again.Plan)
	for _, now := range second {
		if now.Kind != report.File {
			continue
		}
		i := slices.IndexFunc(changes, func(c plan.Change) bool { return c.Ref() == now.Ref() })
		if i >= 0 {
			changes[i].After, changes[i].Effective = now.After, now.Effective
		} else {
			changes = append([]plan.Change{now}, changes...)
		}
	}
	return changes, err
}

// savedPlan reads the plan file of the command line. Both results are nil when there is none.
func savedPlan(c *cli.Context) (*plan.Plan, *sysctl.Options, error) {
	if !c.Args().Present() {
		return nil, nil, nil
	}
	if c.NArg() > 1 {
		return nil, nil, report.Usage(fmt.Sprintf("cannot apply %d plans at once", c.NArg()), "see tcptune apply --help")
	}
	if set, err := overrule(c, &sysctl.Options{}); err != nil || set || c.IsSet("profile") {
		return nil, nil, errors.Join(err, report.Usage("cannot use a saved plan together with other wishes", "drop --profile and the flags that belong to it"))
	}
	file := c.Args().First()
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the plan: %s: %w", file, host.Cause(err))
	}
	var o sysctl.Options
	p, err := plan.Decode(data, &o)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot use %s: %w", file, err)
	}
	return &p, &o, nil
}

// leastConfirm leaves time to type the confirmation.
const leastConfirm = time.Second

func confirmTime(c *cli.Context) (time.Duration, error) {
	if !c.IsSet("confirm") {
		return 0, nil
	}
	d, err := positive(c, "confirm")
	switch {
	case err != nil:
		return 0, err
	case d < leastConfirm:
		return 0, report.Usage(fmt.Sprintf("cannot use --confirm %s: it must be at least %s", d, leastConfirm), "")
	case c.IsSet("root") && c.String("root") != "/":
		return 0, report.Usage("cannot use --confirm with --root: an image has no running values to take back", "")
	}
	return d, nil
}

// armer starts the automatic revert: a transient timer of systemd, which survives this shell and its login session, or
// where systemd does not run, or runs in other namespaces than we do, a detached process.
func armer(ctx context.Context, h host.Host) plan.Arm {
	return func(id string, d time.Duration) error {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		argv := []string{self, "revert", "--window", id}
		if h.SystemdRunning() && h.SharesNamespacesWithInit() {
			err := h.StartTimer(ctx, "tcptune-confirm-"+id, "take back an unconfirmed tcptune apply", d, argv)
			if err == nil || !errors.Is(err, host.ErrNoSystemd) {
				return err
			}
		}
		_, err = h.Detach(argv)
		return err
	}
}

// applyUnconfirmed is applyAll with a confirmation window, which puts the writing of files off.
func applyUnconfirmed(c *cli.Context, s session, d draft, window time.Duration) ([]plan.Change, error) {
	changes, err := s.ApplyUnconfirmed(c.Context, d.Plan, window, armer(c.Context, s.host))
	if err != nil || !tried(changes) {
		return changes, err
	}
	again, err := makeDraft(c, s.host, s.Journal(), &d.options, false)
	if err != nil {
		return changes, err
	}
	return changes, s.Amend(again.Plan)
}

// tried reports whether the kernel refused something that only it could know.
func tried(changes []plan.Change) bool {
	return slices.ContainsFunc(changes, func(c plan.Change) bool { return c.Tried })
}
