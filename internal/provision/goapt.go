package provision

import (
	"cmp"
	"context"
	"fmt"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

const aptNote = "this is apt's own transaction: tcptune go rollback and remove do not undo it, sudo apt-get remove %s does"

// AptGo is the Go of the distribution, or what became of it. The envelope has its row.
type AptGo struct {
	Outcome
	Package, Version string // of apt
	Command          string // what installs it, for a person
	Installed        bool   // it was there before
}

// AptGo installs the distribution's package of Go, which is a transaction of apt.
func (t Target) AptGo(ctx context.Context, v GoVersion, dry bool) (out AptGo, err error) {
	out.Outcome = outcome(nil)
	wish, err := v.wish()
	if err != nil {
		return out, err
	}
	h, err := t.host()
	if err != nil {
		return out, err
	}
	if !dry {
		if err := requireRoot(h); err != nil {
			return out, err
		}
	}
	p, err := installer.FindApt(ctx, h, wish)
	if err != nil {
		return out, asUsage(err)
	}
	out.Package, out.Version, out.Command, out.Installed = p.Name, p.Candidate, p.Command(), p.Installed == p.Candidate
	found := report.GoVersion{Target: p.Go(), State: "available", By: "apt", Path: p.Program()}
	if out.Installed {
		found.State = "installed"
	} else {
		out.note(fmt.Sprintf(aptNote, p.Name))
	}
	if out.Installed || dry {
		out.Report.Versions = []report.GoVersion{found}
		return out, nil
	}
	if err := p.Install(ctx, h, t.Wait); err != nil {
		return out, err
	}
	out.Report.Changed = true
	defer func() {
		row := report.Change{Kind: "package", Target: p.Name, After: &p.Candidate, Status: report.Applied}
		if p.Installed != "" {
			row.Before = &p.Installed
		}
		t.record(h, "", &out.Outcome, []report.Change{row}, err)
	}()
	at, err := installer.Observe(h, plan.Journal{})
	if err != nil {
		return out, err
	}
	for _, g := range at.List(ctx) {
		if g.By == "apt" {
			out.Report.Versions = append(out.Report.Versions, g)
		}
	}
	if p.Name == "golang-go" {
		for _, s := range at.Shells() {
			if s.State != "unknown" && s.Go != p.Program() {
				out.note(fmt.Sprintf("%s runs %s: %s", s.Target, cmp.Or(s.Go, "no go"), s.Why))
			}
		}
	}
	return out, nil
}
