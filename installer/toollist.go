package installer

import (
	"path"
	"strings"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// statePlanned is the state of a [report.GoTool] that would be built.
const statePlanned = "planned"

// Tools are the tools that were built for this host, each after a look at its files and at what leads to it. Full reads
// every file.
func (s Site) Tools(full bool) (list []report.GoTool) {
	for _, at := range s.toolTrees() {
		name, _, _ := strings.Cut(path.Base(at), "@")
		g := report.GoTool{Target: name, State: stateInstalled}
		b, ok := parseBuilt(name, s.valueAt(at))
		c := s.asListed(at, full)
		switch {
		case !ok || b.tree() != at:
			c = damaged("the record in %s is not that of a tool", at)
		case c.Whole():
			c = s.leads(b.link())
		}
		if ok {
			g.Package, g.Version, g.Go, g.Path = b.tool.Package, b.version, b.with.String(), b.link().path
		}
		if !c.Whole() {
			g.State, g.Why = c.State, c.Why
			if ok && !s.Active.IsZero() {
				g.Fix = s.repair(s.Active) + " --tools " + b.tool.Package + "@" + b.version
			}
		}
		list = append(list, g)
	}
	return list
}

// leads is whether l is there and leads to the program that it should.
func (s Site) leads(l alias) Condition {
	text, err := s.h.Readlink(l.path)
	if err != nil || target(l.path, text) != target(l.path, s.from(l).text) {
		return damaged("%s does not lead to it", l.path)
	}
	return Condition{}
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

// withoutFile is c without the archive at hand, which has one Go, and not the one that is asked for.
func withoutFile(c fetch.Config) fetch.Config {
	c.File, c.FileSum, c.FileSig = "", "", ""
	return c
}
