package service

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/templates"
)

const (
	metricsTimer   = "tcptune-metrics.timer"
	metricsService = "tcptune-metrics.service"
	// timerSource is that of no service: a purge of the package takes the timer along, which is of no use without it.
	timerSource = shared + " metrics"
)

// longestLook leaves the service time for the rest of its minute.
const longestLook = 30 * time.Second

// MetricsTimer writes the metrics of a host into a file every minute.
type MetricsTimer struct {
	Program  string `json:"program"`  // tcptune
	Textfile string `json:"textfile"` // an absolute path that needs no quotes in a unit
	// Diagnose is how long it looks for what limits TCP, 0 for not at all.
	Diagnose time.Duration `json:"diagnose,omitempty"`
}

// InstalledTimer is what tcptune remembers of the timer on the host of j, nil where there is none.
func InstalledTimer(j plan.Journal) (*MetricsTimer, error) {
	text, found := j.Memory[timerSource]
	if !found {
		return nil, nil
	}
	t := &MetricsTimer{}
	if err := json.Unmarshal(text, t); err != nil {
		return nil, fmt.Errorf("cannot read what the journal knows of the timer: %w", err)
	}
	return t, nil
}

// check refuses what could not work on h.
func (t MetricsTimer) check(h host.Host) error {
	if t.Diagnose > longestLook {
		return report.Usage(fmt.Sprintf("cannot use --diagnose %s each minute: it is %s at most", t.Diagnose, longestLook), "")
	}
	if !path.IsAbs(t.Textfile) || path.Clean(t.Textfile) != t.Textfile || !regexp.MustCompile(`^`+plain+`+$`).MatchString(t.Textfile) {
		return report.Usage("cannot use --textfile "+t.Textfile+" in a unit: it is not an absolute path of plain letters", "")
	}
	for _, dir := range hidden() {
		if strings.HasPrefix(t.Textfile, dir) {
			return report.Usage("cannot use --textfile "+t.Textfile+": the unit writes nothing below "+path.Clean(dir), "")
		}
	}
	if fi, err := h.Stat(t.Program); err != nil || !fi.Mode().IsRegular() || fi.Mode()&0o111 == 0 {
		return &report.Error{
			Message: fmt.Sprintf("cannot install the timer: there is no program %s", t.Program), Hint: "install the package tcptune",
		}
	}
	if fi, err := h.Stat(path.Dir(t.Textfile)); err != nil || !fi.IsDir() {
		return &report.Error{
			Message: fmt.Sprintf("cannot install the timer: there is no folder %s", path.Dir(t.Textfile)),
			Hint:    "install node_exporter, or name a file in the folder of its --collector.textfile.directory: --textfile FILE",
		}
	}
	return nil
}

// files are those of t: its units, and the link that starts it at boot.
func (t MetricsTimer) files() (files []file, err error) {
	folder := path.Dir(t.Textfile)
	for _, unit := range []struct{ name, why string }{
		{metricsService, "writes " + t.Textfile}, {metricsTimer, "starts it every minute"},
	} {
		tmpl, err := template.ParseFS(templates.FS, "metrics"+path.Ext(unit.name)+".tmpl")
		if err != nil {
			return nil, err
		}
		var text bytes.Buffer
		view := struct {
			MetricsTimer
			Unit, Folder string
		}{t, unit.name, folder}
		if err := tmpl.Execute(&text, view); err != nil {
			return nil, err
		}
		at := path.Join(host.UnitFolder, unit.name)
		files = append(files, file{report.File, at, text.String(), unit.why})
		for _, target := range wantedBy(text.String()) {
			link := path.Join(host.UnitFolder, target+".wants", unit.name)
			files = append(files, file{report.Link, link, at, "starts it at boot"})
		}
	}
	return files, nil
}

// observeTimer is the host as a plan for the timer sees it.
func observeTimer(ctx context.Context, h host.Host, j plan.Journal) (site, error) {
	at := site{h: h, journal: j, name: "tcptune-metrics", owner: timerSource}
	return at, at.ask(ctx, []string{metricsTimer, metricsService})
}

// InstallTimer plans the units of t and, where systemd runs, starts the timer. A unit or file in the way is an error.
func InstallTimer(ctx context.Context, h host.Host, j plan.Journal, t MetricsTimer) (plan.Plan, error) {
	p := plan.Plan{Command: "metrics --install-timer"}
	if err := t.check(h); err != nil {
		return p, err
	}
	at, err := observeTimer(ctx, h, j)
	if err != nil {
		return p, err
	}
	if err := at.free([]string{metricsTimer, metricsService}); err != nil {
		return p, err
	}
	files, err := t.files()
	if err != nil {
		return p, err
	}
	for _, f := range files {
		if err := at.want(&p, f); err != nil {
			return p, err
		}
	}
	p.Changes = slices.Concat(at.folders(files), p.Changes)
	if at.units != nil && !at.up(metricsTimer) {
		p.Changes = append(p.Changes, at.unitChange(metricsTimer, plan.Active, "starts it every minute"))
	}
	memory, err := json.Marshal(t)
	p.Remember = map[string]json.RawMessage{timerSource: memory}
	return p, err
}

// RemoveTimer plans the way back. Where no timer is installed the plan is empty.
func RemoveTimer(ctx context.Context, h host.Host, j plan.Journal) (plan.Plan, error) {
	p := plan.Plan{Command: "metrics --remove-timer"}
	at, err := observeTimer(ctx, h, j)
	if err != nil {
		return p, err
	}
	owned := slices.ContainsFunc(j.Owned, func(o plan.Owned) bool { return o.Source == timerSource })
	for _, unit := range at.order {
		if owned && at.up(unit) {
			p.Changes = append(p.Changes, at.unitChange(unit, plan.Inactive, ""))
		}
	}
	gone := at.drop(&p, nil)
	for i := range p.Changes {
		p.Changes[i].Why = "not wanted any more"
	}
	at.dropFolders(&p, gone)
	p.Remember = map[string]json.RawMessage{timerSource: nil}
	return p, nil
}

// ProveTimer has the service of t run once, and looks whether it has written its file.
func ProveTimer(ctx context.Context, h host.Host, t MetricsTimer) error {
	before := time.Time{}
	if fi, err := h.Stat(t.Textfile); err == nil {
		before = fi.ModTime()
	}
	if err := h.SystemManager().Start(ctx, metricsService); err != nil {
		return &report.Error{
			Message: "cannot write " + t.Textfile + " from the unit", Err: err,
			Hint: "journalctl --unit " + metricsService,
		}
	}
	if fi, err := h.Stat(t.Textfile); err != nil || !fi.ModTime().After(before) {
		return &report.Error{Message: metricsService + " has run, and not written " + t.Textfile}
	}
	return nil
}
