package main

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

func goCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "go",
		Usage:     "install Go toolchains, verified, and switch between them",
		UsageText: "tcptune go install|list|use|rollback|remove|bundle|new",
		Subcommands: []*cli.Command{
			goInstallCommand(t), goListCommand(t), goUseCommand(t), goRollbackCommand(t), goRemoveCommand(t), goBundleCommand(t),
			goNewCommand(t),
		},
	}
}

// goChange is a plan for the Go of a host, and what comes before and after.
type goChange struct {
	plan  plan.Plan
	notes []string
	ready func(ctx context.Context) error // makes ready what the plan needs; nil for nothing
	after func(host.Host) error           // tidies up when all is done; nil for nothing
	done  string                          // what to say when all is as wanted
	lists fetch.Version                   // what to tell of in the report, when that is installed; none for the zero value
}

// goPlanner makes the change that a verb is about.
type goPlanner func(ctx context.Context, h host.Host, at installer.Site) (goChange, error)

// changeGo carries out what a verb plans, or shows it.
func (t terminal) changeGo(c *cli.Context, planner goPlanner) (outcome, error) {
	if c.Bool("dry-run") {
		return t.previewGo(c, planner)
	}
	s, notes, err := openSettled(c)
	if err != nil {
		return outcome{}, err
	}
	defer s.Close()
	o := outcome{report: s.report(notes)}
	at, err := installer.Observe(s.host, s.Journal())
	if err != nil {
		return o, err
	}
	g, err := planner(c.Context, s.host, at)
	if err != nil {
		return o, interrupted(c.Context, err)
	}
	o.report.Changes, o.report.Warnings = plan.Rows(g.plan.Changes), append(o.report.Warnings, g.notes...)
	if g.ready != nil && !g.plan.Empty() {
		if err := g.ready(c.Context); err != nil {
			return o, interrupted(c.Context, err)
		}
	}
	said, noted := len(s.Notes), len(o.report.Warnings)
	changes, err := s.Apply(c.Context, g.plan)
	o.report.Changes = plan.Rows(changes)
	o.report.Changed = s.Repaired || changed(o.report.Changes)
	o.report.Warnings = append(o.report.Warnings, s.Notes[said:]...)
	if err != nil {
		return o, err
	}
	tidyUp := installer.Sweep(s.host)
	if g.after != nil {
		tidyUp = errors.Join(tidyUp, g.after(s.host))
	}
	if tidyUp != nil {
		o.report.Warnings = append(o.report.Warnings, tidyUp.Error())
	}
	o.report.Versions = versionsOf(s, g.lists)
	tidy := len(o.report.Warnings) == noted
	o = t.goChanged(o, changedVerb, g.done)
	if !tidy {
		o.code = report.ExitPartial
	}
	if o.report.Versions != nil {
		o.report.Warnings = append(o.report.Warnings, at.Strays()...)
	}
	return o, nil
}

// errInterrupted is what becomes of an error that an interrupt has brought about.
var errInterrupted error = &report.Error{
	Code: "interrupted", Message: "cannot go on: interrupted; nothing was changed", Hint: "run it again",
}

// interrupted is err, from before the first change, in the words for an interrupt when that was the cause.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

// versionsOf is what there is to tell of v after a change.
func versionsOf(s session, v fetch.Version) []report.GoVersion {
	at, err := installer.Observe(s.host, s.Journal())
	if err != nil || v.IsZero() {
		return nil // the change was made, and that it cannot be looked at is for the next command to say
	}
	return slices.DeleteFunc(at.List(), func(g report.GoVersion) bool { return g.By != "tcptune" || g.Target != v.String() })
}

// previewGo is the dry run. It needs no root.
func (t terminal) previewGo(c *cli.Context, planner goPlanner) (outcome, error) {
	h, at, notes, err := lookAtGo(c)
	o := outcome{report: envelope(nil, notes)}
	if err != nil {
		return o, err
	}
	g, err := planner(c.Context, h, at)
	if err != nil {
		return o, err
	}
	o.report.Changes, o.report.Warnings = plan.Rows(g.plan.Changes), append(o.report.Warnings, g.notes...)
	return t.goChanged(o, "to change", ""), nil
}

// lookAtGo observes Go for a command that changes nothing.
func lookAtGo(c *cli.Context) (h host.Host, at installer.Site, notes []string, err error) {
	if h, err = hostOf(c); err != nil {
		return h, at, nil, err
	}
	j, notes, err := recall(h)
	if err != nil {
		return h, at, nil, err
	}
	at, err = installer.Observe(h, j)
	return h, at, notes, err
}

func (t terminal) goChanged(o outcome, verb, done string) outcome {
	changes := o.report.Changes
	if left(changes) {
		o.code = report.ExitPartial
	}
	o.text = func(w io.Writer) {
		t.showChanges(w, changes, asWanted)
		sumUp(w, changes, verb, asWanted)
		if done != "" {
			printf(w, "%s\n", done)
		}
	}
	return o
}

// goWish reads the version that is the argument of a verb.
func goWish(c *cli.Context) (fetch.Wish, error) {
	switch {
	case c.Args().First() == "": // an empty one is a variable of a script that is not set, and not the latest
		return fetch.Wish{}, report.Usage("cannot tell which version is meant", "see "+fullName(c)+" --help")
	case c.NArg() == 1:
		w, err := fetch.ParseWish(c.Args().First())
		return w, asUsage(err)
	}
	return fetch.Wish{}, report.Usage("cannot work on several versions at once", "see "+fullName(c)+" --help")
}

// stayingGo says of installed toolchains that they are no part of the tuning.
func stayingGo(j plan.Journal) []string {
	for _, o := range j.Owned {
		if o.Kind == report.Tree {
			return []string{"Go stays; to remove it: sudo tcptune go remove --all"}
		}
	}
	return nil
}
