package service

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// Sources is how the source of every change of this package begins: what it owns is no tuning.
const Sources = "service"

// shared is the source of folders, which several services may need.
const shared = "services"

// sourceOf is who wants the changes of the service called name.
func sourceOf(name string) string { return Sources + " " + name }

// Install plans what makes the service s ready on h: its units, its limits and the links that enable its sockets. Units
// that run already take the change up. With now, sockets and service are started as well; it is for a host where
// systemd runs. It only looks.
//
// A unit or file in the way is an error.
func Install(ctx context.Context, h host.Host, j plan.Journal, s Spec, now bool) (plan.Plan, error) {
	p := plan.Plan{Command: "service install"}
	if err := s.identified(j); err != nil {
		return p, err
	}
	s = s.Settled(h, j)
	files, err := wanted(h, s)
	if err != nil {
		return p, err
	}
	at, err := observe(ctx, h, j, s.Name, files)
	if err != nil {
		return p, err
	}
	if err := at.free(unitNames(files)); err != nil {
		return p, err
	}
	if err := at.unixFree(s); err != nil {
		return p, err
	}
	if h.Live() {
		here, err := networks()
		if err == nil {
			err = s.ofAll(here)
		}
		if err != nil {
			return p, err
		}
	}
	for _, f := range files {
		if err := at.want(&p, f); err != nil {
			return p, err
		}
	}
	at.tellLater(p, s)
	dropped := at.drop(&p, files)
	stops, starts := at.unitChanges(p, s, dropped, now)
	p.Changes = slices.Concat(stops, at.folders(files), p.Changes, starts)
	memory, err := json.Marshal(s)
	p.Remember = map[string]json.RawMessage{sourceOf(s.Name): memory}
	return p, err
}

// tellLater says of sockets that are open and stay so that the change is for the next time.
func (at site) tellLater(p plan.Plan, s Spec) {
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Writes() && c.Before != nil && c.After != nil && strings.HasSuffix(c.Target, ".socket") &&
			at.up(path.Base(c.Target)) && slices.Equal(listens(*c.Before), listens(*c.After)) {
			c.Why = "takes effect when the socket is opened next; it is not closed for that"
			if s.bundled() && path.Base(c.Target) != s.Name+adminSuffix && withoutBacklog(*c.Before) == withoutBacklog(*c.After) {
				c.Why = "for when the socket is opened next; the server changes the backlog of the open one"
			}
		}
	}
}

// withoutBacklog is the text of a socket unit but for its backlog.
func withoutBacklog(text string) string {
	return regexp.MustCompile(`(?m)^Backlog=.*$`).ReplaceAllString(text, "")
}

// file is what a service needs below /etc: a regular file, or a link.
type file struct {
	kind        report.Kind
	path, value string
	why         string
}

// wanted lists the files of s in the order in which they are written.
func wanted(h host.Host, s Spec) (files []file, err error) {
	version, err := h.SystemdVersion()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("cannot install a service: there is no systemd")
	}
	if err != nil {
		return nil, err
	}
	units, err := Render(s, version)
	if err != nil {
		return nil, err
	}
	if s.bundled() {
		limits, err := renderLimits(s)
		if err != nil {
			return nil, err
		}
		files = append(files, file{report.File, limitsPath(s), limits, "limits, read again by a reload"})
	}
	var links []file
	for _, u := range units {
		why := s.whyUnit(u.Name)
		if strings.HasSuffix(u.Name, ".service") && len(s.Properties) > 0 {
			why += ", with " + s.shownProperties()
		}
		files = append(files, file{report.File, path.Join(host.UnitFolder, u.Name), u.Text, why})
		for _, target := range wantedBy(u.Text) {
			links = append(links, file{
				report.Link, path.Join(host.UnitFolder, target+".wants", u.Name), path.Join(host.UnitFolder, u.Name),
				"starts it at boot",
			})
		}
	}
	return append(files, links...), nil
}

func (s Spec) whyUnit(name string) string {
	switch {
	case name == s.Name+adminSuffix:
		return "listens for metrics and health, on this host only"
	case strings.HasSuffix(name, ".socket"):
		return "listens; the first connection starts the service"
	case strings.HasSuffix(name, "-twin.service"):
		return "serves during tcptune service restart --overlap"
	}
	return "serves what the socket accepts"
}

// wantedBy reads what the [Install] section of a unit says, as "systemctl enable" would.
func wantedBy(text string) (targets []string) {
	for line := range strings.Lines(text) {
		if list, ok := strings.CutPrefix(strings.TrimSpace(line), "WantedBy="); ok {
			targets = append(targets, strings.Fields(list)...)
		}
	}
	return targets
}

// unitNames are the units among files.
func unitNames(files []file) (names []string) {
	for _, f := range files {
		if f.kind == report.File && path.Dir(f.path) == host.UnitFolder {
			names = append(names, path.Base(f.path))
		}
	}
	return names
}
