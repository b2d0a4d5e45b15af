package installer

import (
	"slices"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// Rollback plans the switch back to what was active before: the version to, or the folder that was kept, when to is
// zero. Each one goes a step further back. It is an [report.Error] with code [NothingBefore] when there is nothing to
// go back to.
func (s Site) Rollback() (p plan.Plan, to fetch.Version, err error) {
	p.Command = "go rollback"
	if s.place != nil && s.Active.IsZero() && *s.place != plan.FolderInPlace {
		return p, to, inTheWay(Current, "it is a link of somebody else, to "+*s.place)
	}
	list := slices.Clone(s.history)
	for len(list) > 0 {
		name := list[len(list)-1]
		list = list[:len(list)-1]
		if name == plan.FolderInPlace && s.keptFolder() {
			p.Changes = []plan.Change{s.bringBack()}
			s.setHistory(&p, list)
			return p, to, nil
		}
		if v, err := fetch.ParseVersion(name); err == nil && s.has(v) {
			err := s.activate(&p, v)
			s.setHistory(&p, list)
			return p, v, err
		}
	}
	return p, to, fetch.Fail(NothingBefore, "tcptune go list shows what is installed; tcptune go use VERSION activates it",
		"cannot go back: nothing else was active before")
}

// bringBack is the change that puts the kept folder into its place again.
func (s Site) bringBack() plan.Change {
	folder := plan.FolderInPlace
	return change(report.Switch, Current, s.place, &folder, "what stood there before, from "+former, Sources)
}

// Remove plans the removal of an installed version. The active one is an [report.Error] with code [ActiveVersion].
func (s Site) Remove(v fetch.Version) (plan.Plan, error) {
	p := plan.Plan{Command: "go remove"}
	if v == s.Active {
		return p, fetch.Fail(ActiveVersion,
			"activate another one first: tcptune go use VERSION, or tcptune go rollback; or remove all: tcptune go remove --all",
			"cannot remove Go %s: it is active", v)
	}
	p.Changes = append(s.unlink(versionLink(v)), s.discard(TreePath(v), Source(v)))
	list := slices.DeleteFunc(slices.Clone(s.history), func(name string) bool { return name == v.String() })
	s.setHistory(&p, list)
	return p, nil
}

// RemoveAll plans the way back to a host on which tcptune never installed a Go: what stood at [Current] before stands
// there again. What somebody else has changed since is left; left names it.
func (s Site) RemoveAll() (p plan.Plan, left []string) {
	p = plan.Plan{Command: "go remove"}
	profile, err := s.profile()
	switch {
	case err == nil && profile.Status == report.Unchanged && s.owns(profile.Ref()):
		profile.After, profile.Effective, profile.Status, profile.Release = nil, nil, report.Planned, true
		profile.Why = "removed"
		p.Changes = append(p.Changes, profile)
	case err != nil || profile.Status == report.Kept:
		left = append(left, Profile+" was edited, and is left")
	}
	for _, l := range commandLinks() {
		p.Changes = append(p.Changes, s.unlink(l)...)
	}
	if !s.Active.IsZero() {
		c := s.bringBack()
		if !s.keptFolder() {
			c.After, c.Why = nil, "removed"
		}
		c.Release = true
		p.Changes = append(p.Changes, c)
	}
	for _, v := range s.Installed {
		p.Changes = append(append(p.Changes, s.unlink(versionLink(v))...), s.discard(TreePath(v), Source(v)))
	}
	p.Changes = append(p.Changes, s.removeTools()...)
	s.dropFolders(&p)
	for i := range p.Changes {
		p.Changes[i].Source = Sources
	}
	s.setHistory(&p, nil)
	return p, left
}

// owns reports whether tcptune has made what stands at ref as it would make it. Where the journal was lost, which tells
// from what is installed, that it looks so must do.
func (s Site) owns(ref plan.Ref) bool {
	_, ours := s.journal.Find(ref)
	_, known := s.journal.Find(plan.Ref{Kind: report.Switch, Target: Current})
	return ours || !known && !s.Active.IsZero()
}

// unlink is the change that removes l, none where that is not ours.
func (s Site) unlink(l alias) []plan.Change {
	text, err := s.h.Readlink(l.path)
	if err != nil || text != l.text {
		return nil
	}
	c := change(report.Link, l.path, &text, nil, "removed", Sources)
	if c.Release = true; !s.owns(c.Ref()) {
		return nil
	}
	return []plan.Change{c}
}

// discard is the change that removes the tree at p.
func (s Site) discard(p, source string) plan.Change {
	value := plan.UnknownTree
	if r, err := readRecord(s.h, p); err == nil {
		value = r.value
	}
	c := change(report.Tree, p, &value, nil, "removed", source)
	c.Release = true
	return c
}
