package installer

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// makeFolders puts before the changes of p the folders that they need. A small image may lack some.
func (s Site) makeFolders(p *plan.Plan) {
	var folders []plan.Change
	for _, c := range p.Changes {
		dir := path.Dir(c.Target)
		known := slices.ContainsFunc(folders, func(f plan.Change) bool { return f.Target == dir })
		// A tree is made beside its place, so that what is above it is there by then.
		if !c.Writes() || known || strings.HasPrefix(Versions+"/", dir+"/") {
			continue
		}
		if _, err := s.h.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		mode := "0755"
		folders = append(folders, change(report.Folder, dir, nil, &mode, "is needed below", Sources))
	}
	p.Changes = append(folders, p.Changes...)
}

// dropFolders adds to p the removal of folders that tcptune has made for Go and that p leaves empty.
func (s Site) dropFolders(p *plan.Plan) {
	for _, o := range s.journal.Owned {
		if o.Kind != report.Folder || o.Source != Sources {
			continue
		}
		names, err := s.h.ReadDir(o.Target)
		stays := func(name string) bool {
			return !slices.ContainsFunc(p.Changes, func(c plan.Change) bool {
				return c.Target == path.Join(o.Target, name) && c.Writes() && c.After == nil
			})
		}
		if err != nil || slices.ContainsFunc(names, stays) {
			continue
		}
		p.Changes = append(p.Changes, plan.Change{Release: true, Change: report.Change{
			Kind: report.Folder, Target: o.Target, Before: o.Left(), Status: report.Planned, Why: "nothing is left in it",
			Source: Sources,
		}})
	}
}
