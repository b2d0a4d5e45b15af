package provision

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// Tooled is what becomes of tools, as a part of the report of an installation.
type Tooled struct {
	Changes []report.Change
	Tools   []report.GoTool
}

// foreseeTools adds to out, the dry run of an installation, what building tools would change then.
func (t Target) foreseeTools(ctx context.Context, out *ChangedGo, config fetch.Config, tools []installer.Tool) (*Tooled, error) {
	_, at, _, err := t.lookAtGo()
	if err != nil {
		return nil, err
	}
	p, list, err := at.ForeseeTools(ctx, config, tools, out.version)
	if err != nil {
		return nil, orFromFile(err)
	}
	done := &Tooled{plan.Rows(p.Changes), list}
	out.Report.Changes = append(out.Report.Changes, done.Changes...)
	out.tools(list)
	return done, nil
}

// tools takes in what is known of tools.
func (o *Outcome) tools(list []report.GoTool) {
	o.Report.Tools = list
	for _, g := range list {
		if g.Why != "" && o.Code == report.ExitDone {
			o.Code = report.ExitPartial
		}
	}
}

// networkNames are the variables by which users say how to reach the network.
func networkNames() []string {
	return []string{
		"HTTPS_PROXY",
		"HTTP_PROXY",
		"NO_PROXY",
		"https_proxy",
		"http_proxy",
		"no_proxy",
		"SSL_CERT_FILE",
		"SSL_CERT_DIR",
	}
}

// errToolsInterrupted is errInterrupted once Go is in place.
var errToolsInterrupted error = &report.Error{
	Code: "interrupted", Message: "cannot build the tools: interrupted; the Go that was installed stays", Hint: "run it again",
}

// buildTools builds tools with the Go that is active by now, or one that can, as a plan of its own: when it fails, Go stays.
// o is what the installation of Go had to say.
func (t Target) buildTools(
	ctx context.Context,
	o *Outcome,
	config fetch.Config,
	tools []installer.Tool,
	show Progress,
) (done *Tooled, err error) {
	s, notes, err := t.openSettled(ctx)
	if err != nil {
		return nil, err
	}
	s.recorded = len(o.Report.Changes)
	defer s.end(o, &err)
	defer frugal()()
	o.note(notes...)
	at, err := installer.Observe(s.host, s.Journal())
	if err != nil {
		return nil, err
	}
	work := installer.Workshop{Config: config}
	for _, name := range networkNames() {
		if value := os.Getenv(name); value != "" {
			work.Network = append(work.Network, name+"="+value)
		}
	}
	p, err := at.BuildTools(ctx, work, tools, installer.Listener{
		Progress: show.Show, Fetched: show.fetched,
		Building: func(order installer.Order) { show.Say(fmt.Sprintf("building %s", order)) },
	})
	show.End()
	if err != nil && ctx.Err() != nil {
		return nil, errToolsInterrupted
	}
	if err != nil {
		return nil, orFromFile(err)
	}
	before := o.Report.Changed
	changes, err := s.carry(o, func() ([]plan.Change, error) { return s.Apply(ctx, p) })
	o.Report.Changed = o.Report.Changed || before
	if err != nil {
		return nil, err
	}
	if at, err = installer.Observe(s.host, s.Journal()); err != nil {
		return nil, err
	}
	o.tools(slices.DeleteFunc(at.Tools(false), func(g report.GoTool) bool {
		return !slices.ContainsFunc(tools, func(t installer.Tool) bool { return t.Name == g.Target })
	}))
	return &Tooled{plan.Rows(changes), o.Report.Tools}, nil
}
