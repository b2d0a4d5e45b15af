package provision

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// ChangedGo is what became of a change of toolchains.
type ChangedGo struct {
	Outcome
	Done string // what to say of it; "" for nothing

	version fetch.Version // what is active then, of a dry run
}

// goPlanner plans a change of toolchains.
type goPlanner func(ctx context.Context, h host.Host, at installer.Site) (goChange, error)

// UseGo makes an installed version the active one. With dry, it only says what would be done, and needs no root; so it
// is with the functions below.
func (t Target) UseGo(ctx context.Context, version string, dry bool) (ChangedGo, error) {
	wish, err := parseWish(version)
	if err != nil {
		return ChangedGo{}, err
	}
	return t.changeGo(ctx, dry, func(ctx context.Context, h host.Host, at installer.Site) (goChange, error) {
		v, err := at.Find(wish)
		if err != nil {
			return goChange{}, err
		}
		p, err := at.Use(ctx, v)
		return switching(h, p, v), err
	})
}

// RollbackGo activates what was active before.
func (t Target) RollbackGo(ctx context.Context, dry bool) (ChangedGo, error) {
	return t.changeGo(ctx, dry, func(ctx context.Context, h host.Host, at installer.Site) (goChange, error) {
		p, v, err := at.Rollback(ctx)
		if v.IsZero() {
			return goChange{plan: p, done: "the folder that stood at " + installer.Current + " before is there again"}, err
		}
		return switching(h, p, v), err
	})
}

// PruneGo removes the installed versions that are neither active nor what a rollback goes to.
func (t Target) PruneGo(ctx context.Context, dry bool) (ChangedGo, error) {
	return t.changeGo(ctx, dry, func(_ context.Context, _ host.Host, at installer.Site) (goChange, error) {
		p, err := at.Prune()
		return goChange{plan: p}, err
	})
}

// RemoveGo removes an installed version that is not the active one.
func (t Target) RemoveGo(ctx context.Context, version string, dry bool) (ChangedGo, error) {
	wish, err := parseWish(version)
	if err != nil {
		return ChangedGo{}, err
	}
	return t.changeGo(ctx, dry, func(_ context.Context, _ host.Host, at installer.Site) (goChange, error) {
		v, err := at.FindOne(wish)
		err = asUsage(err)
		var missing *report.Error
		if errors.As(err, &missing) && missing.Code == installer.NotInstalled {
			missing.Hint = "tcptune go list shows what is installed"
		}
		if err != nil {
			return goChange{}, err
		}
		p, err := at.Remove(v)
		return goChange{plan: p}, err
	})
}

// RemoveAllGo removes all that tcptune has installed of Go.
func (t Target) RemoveAllGo(ctx context.Context, dry bool) (ChangedGo, error) {
	return t.changeGo(ctx, dry, func(_ context.Context, _ host.Host, at installer.Site) (goChange, error) {
		p, left, err := at.RemoveAll()
		return goChange{plan: p, notes: left, after: forgetDownloads}, err
	})
}

// forgetDownloads removes the cache of downloads. It belongs to the machine that fetches, not to an image.
func forgetDownloads(h host.Host) error {
	if !h.Live() {
		return nil
	}
	return h.RemoveAll(cacheFolder)
}

// parseWish reads a version. One that cannot be is a mistake of the caller.
func parseWish(version string) (fetch.Wish, error) {
	w, err := fetch.ParseWish(version)
	return w, asUsage(err)
}

// asUsage makes a setting that cannot be used a mistake of the caller.
func asUsage(err error) error {
	var e *report.Error
	if errors.As(err, &e) && e.Code == fetch.BadSetting {
		return report.Usage(e.Error(), e.Hint)
	}
	return err
}

// changeGo carries out what the planner plans.
func (t Target) changeGo(ctx context.Context, dry bool, planner goPlanner) (out ChangedGo, err error) {
	if dry {
		return t.planGo(ctx, planner)
	}
	s, notes, err := t.openSettled(ctx)
	if err != nil {
		return out, err
	}
	defer s.end(&out.Outcome, &err)
	out.Outcome = s.outcome(notes)
	at, err := installer.Observe(s.host, s.Journal())
	if err != nil {
		return out, err
	}
	g, err := planner(ctx, s.host, at)
	if err != nil {
		return out, interrupted(ctx, err)
	}
	out.note(g.notes...)
	if g.ready != nil && !g.plan.Empty() {
		if err := g.ready(ctx); err != nil {
			out.Report.Changes = plan.Rows(g.plan.Changes)
			return out, interrupted(ctx, err)
		}
	}
	noted := len(out.Report.Warnings)
	if _, err := s.carry(&out.Outcome, func() ([]plan.Change, error) { return s.Apply(ctx, g.plan) }); err != nil {
		return out, err
	}
	tidyUp := installer.Sweep(s.host)
	if g.after != nil {
		tidyUp = errors.Join(tidyUp, g.after(s.host))
	}
	if tidyUp != nil {
		out.note(tidyUp.Error())
	}
	out.Outcome, out.Done = out.partly(), g.done
	if len(out.Report.Warnings) > noted {
		out.Code = report.ExitPartial
	}
	out.settle(s.installed(ctx, g.lists))
	if out.Report.Versions != nil {
		out.note(at.Strays()...)
		out.note(poisons(ctx, s.host, s.Journal())...)
	}
	return out, nil
}

// poisons are the settings that make something else of the Go that is active by now.
func poisons(ctx context.Context, h host.Host, j plan.Journal) []string {
	at, err := installer.Observe(h, j)
	if err != nil || !h.Live() {
		return nil
	}
	own := os.Getenv
	name, file := fetch.UserEnv(h, os.Getenv)
	if u, err := h.Caller(os.Getenv("SUDO_USER")); err == nil && h.IsRoot() {
		own = h.SudoEnv()
		name, file = fetch.CallerEnv(ctx, h, u)
	}
	return at.Poisons(own, file, name)
}

// settle takes in what a look at the host has found once all was done: only then it is as wanted.
func (c *ChangedGo) settle(found []report.GoVersion) {
	c.Report.Versions = found
	for _, g := range found {
		if g.Why != "" {
			c.note(fmt.Sprintf("Go %s is %s: %s", g.Target, g.State, g.Why))
			c.Done, c.Code = "", report.ExitPartial
		}
	}
}

// planGo is the dry run. It needs no root.
func (t Target) planGo(ctx context.Context, planner goPlanner) (out ChangedGo, err error) {
	h, at, notes, err := t.lookAtGo()
	out.Outcome = outcome(notes)
	if err != nil {
		return out, err
	}
	g, err := planner(ctx, h, at)
	if err != nil {
		return out, err
	}
	out.Report.Changes, out.version = plan.Rows(g.plan.Changes), g.lists
	out.note(g.notes...)
	out.Outcome = out.partly()
	return out, nil
}

// lookAtGo observes Go for a request that changes nothing.
func (t Target) lookAtGo() (h host.Host, at installer.Site, notes []string, err error) {
	if h, err = t.host(); err != nil {
		return h, at, nil, err
	}
	j, notes, err := recall(h)
	if err != nil {
		return h, at, nil, err
	}
	at, err = installer.Observe(h, j)
	return h, at, notes, err
}

// ListGo asks for the toolchains of a host.
type ListGo struct {
	Source    GoSource
	Remote    bool // those that could be installed, too
	AskShells bool // run the shell of whoever asks, as that user, to learn which go it finds; never as root
}

// ListGo lists the toolchains of the host, and which go shells find by what files in /etc say.
func (t Target) ListGo(ctx context.Context, r ListGo) (out Outcome, err error) {
	h, at, notes, err := t.lookAtGo()
	out = outcome(notes)
	if err != nil {
		return out, err
	}
	out.Report.Versions = at.List(ctx)
	for _, g := range out.Report.Versions {
		if g.Why != "" {
			out.Code = report.ExitPartial
		}
	}
	out.tools(at.Tools(false))
	if r.Remote {
		config, err := t.configFrom(ctx, r.Source, h, false)
		if err != nil {
			return out, err
		}
		versions, err := config.List(ctx)
		if err != nil {
			return out, err
		}
		out.Report.Versions = append(out.Report.Versions, installer.Available(versions)...)
	}
	out.Report.Shells = at.Shells()
	if r.AskShells {
		u, err := h.Caller(os.Getenv("SUDO_USER"))
		if err != nil {
			out.note("no shell was asked: " + err.Error())
		} else if asked, err := at.AskShells(ctx, u); err != nil {
			return out, interrupted(ctx, err)
		} else {
			out.Report.Shells = append(out.Report.Shells, asked...)
		}
	}
	doubtActive(out.Report.Versions, out.Report.Shells)
	out.note(at.Settings(os.Getenv)...)
	return out, nil
}

// doubtActive takes the good word from shells that find the active Go where that is not what it was.
func doubtActive(versions []report.GoVersion, shells []report.GoShell) {
	if slices.ContainsFunc(versions, func(g report.GoVersion) bool { return g.State == installer.StateActive }) {
		return
	}
	for i := range shells {
		if g := &shells[i]; g.State == installer.StateActive {
			g.State = installer.StateUnknown
			g.Why += "; it is the active one, which is damaged or cannot be judged"
		}
	}
}

// VerifyGo reads every file of the toolchains that tcptune has installed, or of one of them.
func (t Target) VerifyGo(ctx context.Context, version string) (out Outcome, err error) {
	_, at, notes, err := t.lookAtGo()
	out = outcome(notes)
	if err != nil {
		return out, err
	}
	versions := at.Known()
	if version != "" {
		wish, err := parseWish(version)
		if err != nil {
			return out, err
		}
		v, err := at.FindOne(wish)
		if err != nil {
			return out, asUsage(err)
		}
		versions = []fetch.Version{v}
	}
	if len(versions) == 0 {
		return out, &report.Error{
			Code: installer.NotInstalled, Message: "cannot verify anything: tcptune has installed no Go here",
			Hint: "run: sudo tcptune go install",
		}
	}
	out.Report.Versions = at.Own(ctx, true, versions...)
	if version == "" {
		out.tools(at.Tools(true))
	}
	for _, g := range out.Report.Versions {
		switch {
		case g.State == installer.StateDamaged:
			out.Code = report.ExitDiffers
		case g.Why != "" && out.Code == report.ExitDone:
			out.Code = report.ExitPartial
		}
	}
	for _, g := range out.Report.Tools {
		if g.State == installer.StateDamaged {
			out.Code = report.ExitDiffers
		}
	}
	return out, interrupted(ctx, ctx.Err())
}

// NewWorkspace makes a first workspace of a module in the folder dir, for the newest Go of the host.
func NewWorkspace(ctx context.Context, dir, module string) (out Outcome, made, version string, err error) {
	_, at, _, err := Target{}.lookAtGo()
	if err != nil {
		return out, "", "", err
	}
	v := at.Newest(ctx)
	if v.IsZero() {
		return out, "", "", &report.Error{
			Code: installer.NotInstalled, Message: "cannot make a workspace: there is no Go on this host",
			Hint: "run: sudo tcptune go install",
		}
	}
	made, err = installer.Workspace{Module: module, Go: v, Taken: at.OfGo}.New(dir)
	if err != nil {
		return out, "", "", asUsage(err)
	}
	out = outcome(nil)
	out.Report.Changed = true
	return out, made, v.String(), nil
}
