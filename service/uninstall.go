package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// Installed lists the services that tcptune has installed on the host of j, by name.
func Installed(j plan.Journal) (specs []Spec, err error) {
	for source, text := range j.Memory {
		if !strings.HasPrefix(source, Sources+" ") {
			continue
		}
		var s Spec
		if err := json.Unmarshal(text, &s); err != nil {
			return nil, fmt.Errorf("cannot read what the journal knows of %s: %w", source, err)
		}
		specs = append(specs, s)
	}
	slices.SortFunc(specs, func(a, b Spec) int { return strings.Compare(a.Name, b.Name) })
	return specs, nil
}

// Uninstall plans the way back: sockets are closed, then services stopped, and what was installed is removed where it
// is still as tcptune left it. left names what stays, for the operator to judge. Where nothing of that name is
// installed the plan is empty.
func Uninstall(ctx context.Context, h host.Host, j plan.Journal, name string) (p plan.Plan, left []string, err error) {
	p.Command = "service uninstall"
	if !owns(j, name) {
		return p, strays(h, name), nil
	}
	at, err := observe(ctx, h, j, name, nil)
	if err != nil {
		return p, nil, err
	}
	for _, unit := range at.order {
		if at.up(unit) {
			p.Changes = append(p.Changes, at.unitChange(unit, plan.Inactive, "uninstalled"))
		}
	}
	gone := at.drop(&p, nil)
	for i := range p.Changes {
		p.Changes[i].Why = "uninstalled"
	}
	at.dropFolders(&p, gone)
	p.Remember = map[string]json.RawMessage{sourceOf(name): nil}
	return p, at.leftovers(), nil
}

// owns reports whether j knows of a service called name.
func owns(j plan.Journal, name string) bool {
	_, remembered := j.Memory[sourceOf(name)]
	return remembered || slices.ContainsFunc(j.Owned, func(o plan.Owned) bool { return o.Source == sourceOf(name) })
}

// dropFolders adds to p the removal of folders that tcptune made and that are empty without the paths in gone.
func (at site) dropFolders(p *plan.Plan, gone []string) {
	gone = slices.Clone(gone)
	for _, o := range slices.Backward(at.journal.Owned) {
		if o.Kind != report.Folder || o.Source != shared {
			continue
		}
		names, err := at.h.ReadDir(o.Target)
		if err != nil {
			continue
		}
		if slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(gone, path.Join(o.Target, n)) }) {
			continue
		}
		gone = append(gone, o.Target)
		p.Changes = append(p.Changes, plan.Change{Release: true, Change: report.Change{
			Kind: report.Folder, Target: o.Target, Before: o.Left(), Status: report.Planned,
			Why: "nothing is left in it", Source: shared,
		}})
	}
}

// leftovers are what belongs to the operator: drop-ins, and what the service has saved.
func (at site) leftovers() (left []string) {
	for _, unit := range unitsOf(at.name, at.ownUnits()) {
		dir := path.Join(host.UnitFolder, unit+".d")
		if _, err := at.h.Lstat(dir); err == nil {
			left = append(left, dir+" is not from tcptune, and is left")
		}
	}
	for _, dir := range []string{"/var/lib/private", "/var/lib"} {
		if fi, err := at.h.Lstat(path.Join(dir, at.name)); err == nil && fi.IsDir() {
			left = append(left, path.Join(dir, at.name)+" holds what the service has saved, and is left")
		}
	}
	return left
}

// strays are units of that name of which the journal knows nothing.
func strays(h host.Host, name string) (found []string) {
	for _, suffix := range suffixes() {
		p := path.Join(host.UnitFolder, name+suffix)
		if _, err := h.Lstat(p); !errors.Is(err, fs.ErrNotExist) {
			found = append(found, p+" is left: tcptune has no record of having written it")
		}
	}
	return found
}

// Gone are the units whose files changes have removed.
func Gone(changes []plan.Change) (units []string) {
	for _, c := range changes {
		if c.Kind == report.File && c.After == nil && c.Status == report.Applied && path.Dir(c.Target) == host.UnitFolder {
			units = append(units, path.Base(c.Target))
		}
	}
	return units
}
