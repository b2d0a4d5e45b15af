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

// BuildTools builds tools and returns the plan that makes them commands of this host, beside the lines that say what
// they are. The caller holds the session of the host, which must not be an image. say is told of each tool before it is
// built. A tool that is named with its version and was built by this Go before is not built again.
func (s Site) BuildTools(ctx context.Context, w Workshop, tools []Tool,
	say func(Tool),
) (p plan.Plan, lines []string, err error) {
	p = plan.Plan{Command: "go install"}
	if w.Config.Go.SumDB == "off" {
		return p, nil, fetch.Fail(fetch.NoDatabase, "unset it for this command",
			"cannot build tools: the checksum database is switched off by GOSUMDB=off")
	}
	uid, err := s.h.TransientUser()
	if err != nil {
		return p, nil, fmt.Errorf("cannot build tools: %w", err)
	}
	if err := s.h.MkdirAll(toolsFolder); err != nil {
		return p, nil, fmt.Errorf("cannot build tools: %w", err)
	}
	defer func() { err = errors.Join(err, s.h.RemoveAll(buildFolder)) }()
	if err := w.furnish(s.h, buildFolder, uid); err != nil {
		return p, nil, fmt.Errorf("cannot build tools: %w", err)
	}
	for _, t := range tools {
		b, have := built{tool: t, version: t.Version, with: w.Version}, false
		if have = s.holds(b); !have {
			say(t)
			var program []byte
			if b, program, err = w.build(ctx, s.h, t, buildFolder, uid); err != nil {
				return p, nil, err
			}
			if have = s.holds(b); !have {
				if err := b.stage(s.h, program); err != nil {
					return p, nil, fmt.Errorf("cannot install %s: %w", t, err)
				}
			}
		}
		if err := s.planTool(&p, b, have); err != nil {
			return p, nil, err
		}
		lines = append(lines, fmt.Sprintf("%s is %s", b.link().path, b.value()))
	}
	return p, lines, s.h.SyncFS(toolsFolder)
}

// holds reports whether b is in its place.
func (s Site) holds(b built) bool {
	r, err := readRecord(s.h, b.tree())
	return err == nil && r.value == b.value()
}

// planTool adds to p what makes b the command of its name, in the place of another build of it.
func (s Site) planTool(p *plan.Plan, b built, have bool) error {
	value := b.value()
	tree := change(report.Tree, b.tree(), nil, &value, "the program of "+b.tool.Package, Sources)
	if have {
		tree.Before, tree.Effective, tree.Status = &value, &value, report.Unchanged
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

// toolTrees are the tools that are installed.
func (s Site) toolTrees() (list []string) {
	names, err := s.h.ReadDir(toolsFolder)
	if err != nil {
		return nil
	}
	for _, name := range names {
		if at := path.Join(toolsFolder, name); exists(s.h, path.Join(at, plan.TreeRecord)) && !plan.IsTreeLeftover(name) {
			list = append(list, at)
		}
	}
	return list
}

// removeTools are the changes that remove all tools and the links to them.
func (s Site) removeTools() (list []plan.Change) {
	for _, at := range s.toolTrees() {
		name, _, _ := strings.Cut(path.Base(at), "@")
		text := path.Join("../lib/tcptune/tools", path.Base(at), name)
		list = append(append(list, s.unlink(alias{path: path.Join(commands, name), text: text})...), s.discard(at, Sources))
	}
	return list
}
