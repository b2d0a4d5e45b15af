package installer

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// ForeseeTools is what [Site.BuildTools] would do once active is the active version, as far as the module proxies tell: the
// plan, and each tool. It only looks.
func (s Site) ForeseeTools(ctx context.Context, c fetch.Config, tools []Tool, active fetch.Version) (p plan.Plan,
	list []report.GoTool, err error,
) {
	for _, t := range tools {
		o, err := s.Order(ctx, c, t, active)
		if err != nil {
			return p, nil, err
		}
		g := report.GoTool{Target: t.Name, State: StateUnknown, Package: t.Package}
		if o.Doubt == nil {
			b := built{tool: o.Tool, version: o.Version, with: o.With}
			have := s.holds(b)
			g.Go, g.State, g.Version, g.Path = o.With.String(), map[bool]string{true: stateInstalled, false: statePlanned}[have], o.Version,
				b.link().path
			if o.Needs != (fetch.Wish{}) {
				g.Needs = o.Needs.String()
			}
			err = errors.Join(s.planBuilder(ctx, &p, o, have), s.planTool(&p, b, have))
		} else {
			g.Why = fmt.Sprintf("which Go it needs cannot be told, and Go %s would be tried: %v", o.With, o.Doubt)
		}
		if err != nil {
			return p, nil, err
		}
		list = append(list, g)
	}
	return p, list, nil
}

// Listener is told what goes on while tools are built.
type Listener struct {
	Progress func(fetch.Progress)
	Building func(Order)
	Fetched  func(fetch.Version, fetch.Origin)
}

// BuildTools builds tools and returns the plan that makes them commands of this host. The caller holds the session of the
// host, which must not be an image. A tool that was built like this before is not built again.
func (s Site) BuildTools(ctx context.Context, w Workshop, tools []Tool, l Listener) (p plan.Plan, err error) {
	p = plan.Plan{Command: "go install"}
	if w.Config.Go.SumDB == "off" {
		return p, fetch.Fail(fetch.NoDatabase, fetch.AskDatabase,
			"cannot build tools: the checksum database is switched off by GOSUMDB=off")
	}
	uid, err := s.h.TransientUser()
	if err != nil {
		return p, fmt.Errorf("cannot build tools: %w", err)
	}
	if err := s.h.MkdirAll(toolsFolder); err != nil {
		return p, fmt.Errorf("cannot build tools: %w", err)
	}
	defer func() { err = errors.Join(err, s.h.RemoveAll(buildFolder)) }()
	if err := w.furnish(s.h, buildFolder, uid); err != nil {
		return p, fmt.Errorf("cannot build tools: %w", err)
	}
	for _, t := range tools {
		o, err := s.Order(ctx, w.Config, t, s.Active)
		if err != nil {
			return p, err
		}
		b, have := built{tool: o.Tool, version: o.Version, with: o.With}, false
		if have = s.holds(b); !have {
			var program []byte
			if b, program, o, err = s.make(ctx, w, o, uid, l); err != nil {
				return p, err
			}
			if have = s.holds(b); !have {
				b.again = s.valueAt(b.tree()) == b.value()
				if err := b.stage(s.h, program); err != nil {
					return p, fmt.Errorf("cannot install %s: %w", t, err)
				}
			}
		}
		if err := errors.Join(s.planBuilder(ctx, &p, o, have), s.planTool(&p, b, have)); err != nil {
			return p, err
		}
	}
	return p, s.h.SyncFS(toolsFolder)
}

// maxBuilders is how often another Go is chosen for a tool: each module that it is made of may ask for a newer one.
const maxBuilders = 4

// make builds o. Where the go command says that it takes a newer Go, as of a module that o needs, it is built by one.
func (s Site) make(ctx context.Context, w Workshop, o Order, uid int, l Listener) (b built, program []byte, _ Order, err error) {
	for range maxBuilders {
		l.Building(o)
		w.Version, w.Goroot = o.With, TreePath(o.With)
		if o.Fetched() {
			w.Goroot = plan.Staged(w.Goroot)
			if _, err := s.h.Lstat(w.Goroot); err != nil { // else another tool has had it fetched
				origin, err := s.Stage(ctx, withoutFile(w.Config), o.source, l.Progress)
				if err != nil {
					return b, nil, o, err
				}
				l.Fetched(o.With, origin)
			}
		}
		b, program, err = w.build(ctx, s.h, o.Tool, buildFolder, uid)
		var newer needsNewer
		if !errors.As(err, &newer) || newer.needs.ReachedBy(o.With) {
			break
		}
		if e := s.assign(ctx, w.Config, &o, newer.needs, s.Active); e != nil {
			return b, nil, o, e
		}
	}
	return b, program, o, err
}

// valueAt is what the record of the tree at p says that it is; "" for nothing.
func (s Site) valueAt(p string) string {
	r, _ := readRecord(s.h, p) // without one it is nothing
	return r.value
}

// holds reports whether b is in its place, and whole.
func (s Site) holds(b built) bool {
	return strings.TrimSuffix(s.valueAt(b.tree()), again) == b.value() && s.asListed(b.tree(), false).Whole()
}

// planBuilder adds to p, once, what installs the Go that was fetched for o beside the others.
func (s Site) planBuilder(ctx context.Context, p *plan.Plan, o Order, have bool) error {
	if have || !o.Fetched() || planned(*p, TreePath(o.With)) {
		return nil
	}
	tree, err := s.tree(ctx, o.With)
	if err != nil {
		return err
	}
	tree.Why = fmt.Sprintf("the toolchain that builds %s, which needs Go %s; it stays, and tcptune go prune removes it", o.Name,
		o.Needs)
	link, err := s.link(versionLink(o.With))
	link.Source = sourceOf(o.With)
	p.Changes = append(p.Changes, tree, link)
	return err
}

func planned(p plan.Plan, target string) bool {
	for _, c := range p.Changes {
		if c.Target == target {
			return true
		}
	}
	return false
}

// planTool adds to p what makes b the command of its name, in the place of another build of it.
func (s Site) planTool(p *plan.Plan, b built, have bool) error {
	value := b.value()
	tree := change(report.Tree, b.tree(), nil, &value, "the program of "+b.tool.Package, Sources)
	if before := s.valueAt(b.tree()); before != "" {
		tree.Before = &before
	}
	if have {
		tree.After, tree.Effective, tree.Status = tree.Before, tree.Before, report.Unchanged
	}
	link, err := s.link(b.link())
	if err != nil {
		return err
	}
	p.Changes = append(p.Changes, tree, link)
	for _, old := range s.toolTrees() {
		if name, _, _ := strings.Cut(path.Base(old), "@"); name == b.tool.Name && old != b.tree() {
			p.Changes = append(p.Changes, s.discard(old, Sources))
		}
	}
	return nil
}
