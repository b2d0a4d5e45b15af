package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// site is the host as a plan for one service sees it.
type site struct {
	h       host.Host
	journal plan.Journal
	name    string
	owner   string // the source of what is its own; "": [sourceOf] name
	// units are those of the service as systemd knows them; nil where none runs.
	units map[string]host.Unit
	order []string // their names, sockets first
}

// suffixes are those of the units that a service may have, in the order in which they are started; see [unitsOf] for those
// of further addresses.
func suffixes() []string { return []string{socketSuffix, adminSuffix, ".service", twinSuffix} }

func observe(ctx context.Context, h host.Host, j plan.Journal, name string, files []file) (site, error) {
	at := site{h: h, journal: j, name: name}
	return at, at.ask(ctx, unitsOf(name, append(unitNames(files), at.ownUnits()...)))
}

// source is who wants its changes.
func (at site) source() string { return cmp.Or(at.owner, sourceOf(at.name)) }

// ask looks at units, in this order, where systemd runs.
func (at *site) ask(ctx context.Context, order []string) error {
	if !at.h.SystemdRunning() {
		return nil
	}
	at.order, at.units = order, map[string]host.Unit{}
	for _, n := range at.order {
		u, err := at.h.SystemManager().Unit(ctx, n)
		if err != nil {
			return err
		}
		at.units[n] = u
	}
	return nil
}

// free refuses names that units of the system have: one in /etc would replace them.
func (at site) free(names []string) error {
	for _, n := range names {
		if f := at.units[n].Fragment; f != "" && path.Dir(f) != host.UnitFolder {
			return taken(n, f)
		}
		for _, dir := range []string{"/usr/lib/systemd/system", "/lib/systemd/system", "/usr/local/lib/systemd/system"} {
			if _, err := at.h.Lstat(path.Join(dir, n)); err == nil {
				return taken(n, dir)
			}
		}
	}
	return nil
}

// errOdd says what is in the way of a file of ours.
type errOdd string

func (e errOdd) Error() string { return string(e) }

// read returns the value of a file or a link as package plan knows it, nil when it is absent. What is neither is
// errOdd.
func (at site) read(kind report.Kind, p string) (*string, error) {
	fi, err := at.h.Lstat(p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var value string
	switch {
	case kind == report.Link && fi.Mode()&fs.ModeSymlink != 0:
		value, err = at.h.Readlink(p)
	case kind == report.File && fi.Mode().IsRegular():
		var data []byte
		data, err = at.h.ReadFile(p)
		value = string(data)
	case fi.Mode()&fs.ModeSymlink != 0:
		return nil, errOdd("a link stands there, a mask for instance")
	default:
		return nil, errOdd(fmt.Sprintf("what stands there is no %s", kind))
	}
	return &value, err
}

// change is one without which the rest is worth nothing.
func change(kind report.Kind, target string, before, after *string, why, source string) plan.Change {
	return plan.Change{Change: report.Change{
		Kind: kind, Target: target, Before: before, After: after, Status: report.Planned, Required: true,
		Why: why, Source: source,
	}}
}

// want adds to p what makes f so.
func (at site) want(p *plan.Plan, f file) error {
	now, err := at.read(f.kind, f.path)
	var odd errOdd
	if errors.As(err, &odd) {
		return foreign(f.path, string(odd))
	}
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", f.path, host.Cause(err))
	}
	c := change(f.kind, f.path, now, &f.value, f.why, at.source())
	owned, ours := at.journal.Find(c.Ref())
	switch {
	case now == nil:
	case *now == f.value:
		c.Status, c.Effective = report.Unchanged, now
		if !ours { // the journal was lost: it is what we would write, so it is ours again
			p.Keep = append(p.Keep, plan.Change{Change: report.Change{
				Kind: c.Kind, Target: c.Target, After: c.After, Source: c.Source,
			}})
		}
	case ours && owned.Source != at.source():
		return elsewhere(f.path, owned.Source)
	case !ours:
		return foreign(f.path, "")
	case owned.Left() == nil || *owned.Left() != *now:
		return edited(f.path)
	}
	p.Changes = append(p.Changes, c)
	return nil
}

// folders are those that files need and that are not there.
func (at site) folders(files []file) (changes []plan.Change) {
	made := map[string]bool{}
	var need func(dir string)
	need = func(dir string) {
		if _, err := at.h.Stat(dir); err == nil || made[dir] || dir == "/" {
			return
		}
		need(path.Dir(dir))
		made[dir] = true
		mode := "0755"
		changes = append(changes, change(report.Folder, dir, nil, &mode, "holds files of the service", shared))
	}
	for _, f := range files {
		need(path.Dir(f.path))
	}
	return changes
}

// drop adds to p what removes files of the service that are not among files any more, and returns their paths. What
// somebody has edited is left, and is theirs.
func (at site) drop(p *plan.Plan, files []file) (paths []string) {
	keep := map[string]bool{}
	for _, f := range files {
		keep[f.path] = true
	}
	for _, o := range slices.Backward(at.journal.Owned) { // links before the files that they lead to
		if o.Source != at.source() || keep[o.Target] {
			continue
		}
		now, err := at.read(o.Kind, o.Target)
		c := change(o.Kind, o.Target, now, o.Former(), "not part of the service any more", at.source())
		c.Release = true
		switch {
		case err != nil:
			c.Status, c.Reason, c.After = report.Kept, err.Error(), nil
		case now == nil && o.Former() == nil:
			c.Status, c.Reason = report.Unchanged, "somebody has removed it already"
		case now == nil || o.Left() == nil || *now != *o.Left():
			c.Status, c.Reason, c.After, c.Effective = report.Kept, "edited since by somebody else, so it is left", now, now
		default:
			paths = append(paths, o.Target)
		}
		if !c.Writes() {
			p.Forget = append(p.Forget, o.Ref())
		}
		p.Changes = append(p.Changes, c)
	}
	return paths
}
