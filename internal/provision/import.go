package provision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/profile"
)

// Import asks for a profile that takes over hand-written files.
type Import struct {
	Files   []string
	Name    string // of the profile; "": that of the first file
	Replace bool   // a profile of that name that says something else
	DryRun  bool
}

// AboutImport is the source of the changes of an import. What it has written is the operator's own: nothing of it is
// owned, and a revert leaves it.
const AboutImport = "import"

// Taken is what became of an import.
type Taken struct {
	Outcome
	Profile string // its name
}

// Import makes a profile of hand-written files, which stay as they are.
func (t Target) Import(ctx context.Context, i Import) (out Taken, err error) {
	if i.DryRun {
		h, err := t.host()
		if err != nil {
			return out, err
		}
		return t.planImport(h, i, outcome(nil), func(p plan.Plan, o *Outcome) error {
			o.Report.Changes = plan.Rows(p.Changes)
			if !p.Empty() {
				o.Code = report.ExitDiffers
			}
			return nil
		})
	}
	s, notes, err := t.openSettled(ctx)
	if err != nil {
		return out, err
	}
	defer s.end(&out.Outcome, &err)
	return t.planImport(s.host, i, s.outcome(notes), func(p plan.Plan, o *Outcome) error {
		_, err := s.carry(o, func() ([]plan.Change, error) { return s.Apply(ctx, p) })
		return err
	})
}

// planImport plans an import, and has then carry it out.
func (t Target) planImport(h host.Host, i Import, o Outcome, then func(plan.Plan, *Outcome) error) (out Taken, err error) {
	out.Outcome = o
	texts, err := t.textsOf()
	if err != nil {
		return out, err
	}
	taking, err := texts.Import(i.Files, i.Name, t.stdin)
	out.Profile, out.Report.Import = taking.Name, taking.Rows
	if err != nil {
		return out, err
	}
	out.Partial = taking.Partial()
	if taking.Text == "" {
		return out, &report.Error{Code: "nothing-to-import", Message: "cannot import it: no line can be taken into a profile"}
	}
	p, err := profilePlan(h, taking.Path, taking.Text, i.Replace, AboutImport, "takes over what was written by hand")
	if err != nil {
		return out, err
	}
	if out.Partial {
		out.Code = report.ExitPartial
	}
	return out, then(p, &out.Outcome)
}

// profilePlan writes a profile of the operator's own, which nobody but the operator takes away again.
func profilePlan(h host.Host, file, text string, replace bool, command, why string) (p plan.Plan, err error) {
	p.Command = command
	change := func(kind report.Kind, target string, before, after *string, why string) {
		status := report.Planned
		if before != nil && *before == *after {
			status = report.Unchanged
		}
		p.Changes = append(p.Changes, plan.Change{Release: true, Change: report.Change{
			Kind: kind, Target: target, Before: before, After: after, Status: status, Why: why, Source: command, Required: true,
		}})
	}
	for _, dir := range []string{path.Dir(profile.Dir), profile.Dir} {
		if _, err := h.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			mode := "0755"
			change(report.Folder, dir, nil, &mode, "profiles of one's own live there")
		}
	}
	var before *string
	switch data, err := h.ReadFile(file); {
	case err == nil:
		there := string(data)
		before = &there
	case !errors.Is(err, fs.ErrNotExist):
		return p, fmt.Errorf("cannot read %s: %w", file, host.Cause(err))
	}
	if before != nil && *before != text && !replace {
		return p, &report.Error{
			Code: "profile-differs", Message: "cannot write " + file + ": it is there, and says something else",
			Hint: "--replace writes it anew; --name NAME gives this one another name",
		}
	}
	change(report.File, file, before, &text, why)
	return p, nil
}
