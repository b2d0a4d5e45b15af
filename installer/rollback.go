package installer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// Rollback plans the switch back to what was active before: the version to, or the folder that was kept, when to is
// zero. Each one goes a step further back. It is an [report.Error] with code [nothingBefore] when there is nothing to
// go back to, and one with code [notWhole] when that is damaged.
func (s Site) Rollback(ctx context.Context) (p plan.Plan, to fetch.Version, err error) {
	p.Command = "go rollback"
	if s.place != nil && s.Active.IsZero() {
		return p, to, inTheWay(Current, s.stranger())
	}
	to, list, found := s.before()
	switch {
	case !found:
		return p, to, fetch.Fail(nothingBefore,
			"tcptune go list shows what is installed; tcptune go use VERSION activates it",
			"cannot go back: nothing else was active before")
	case to.IsZero():
		p.Changes = []plan.Change{s.bringBack()}
		s.setHistory(&p, list)
		return p, to, s.obstacle(p)
	}
	if err := s.usable(ctx, to); err != nil {
		return p, to, err
	}
	err = s.activate(&p, to)
	s.setHistory(&p, list)
	return p, to, err
}

// before is what a rollback goes to, zero for the folder that was kept, and the history from there on.
func (s Site) before() (to fetch.Version, rest []string, found bool) {
	rest = slices.Clone(s.history)
	for len(rest) > 0 {
		name := rest[len(rest)-1]
		rest = rest[:len(rest)-1]
		if name == plan.FolderInPlace && s.keptFolder() {
			return fetch.Version{}, rest, true
		}
		if v, err := fetch.ParseVersion(name); err == nil && s.has(v) {
			return v, rest, true
		}
	}
	return to, nil, false
}

// stranger says what somebody else has put at [Current].
func (s Site) stranger() string {
	if *s.place == plan.FolderInPlace {
		return "it is a folder that somebody else has put there"
	}
	return "it is a link of somebody else, to " + *s.place
}

// bringBack is the change that puts the kept folder into its place again.
func (s Site) bringBack() plan.Change {
	folder := plan.FolderInPlace
	return change(report.Switch, Current, s.place, &folder, "what stood there before, from "+former, Sources)
}

// Remove plans the removal of an installed version. The active one is an [report.Error] with code [activeVersion].
func (s Site) Remove(v fetch.Version) (plan.Plan, error) {
	p := plan.Plan{Command: "go remove"}
	if v == s.Active {
		return p, fetch.Fail(activeVersion,
			"activate another one first: tcptune go use VERSION, or tcptune go rollback; or remove all: tcptune go remove --all",
			"cannot remove Go %s: it is active", v)
	}
	s.drop(&p, v)
	return p, s.obstacle(p)
}

// Prune plans the removal of the installed versions that are neither active nor what a rollback goes to, and of links to
// versions that are gone.
func (s Site) Prune() (plan.Plan, error) {
	p := plan.Plan{Command: "go prune"}
	if s.Active.IsZero() && len(s.Installed) > 0 {
		return p, fetch.Fail(nothingActive, "name them: tcptune go remove VERSION; or remove all: tcptune go remove --all",
			"cannot tell which versions are needed: none of tcptune is active")
	}
	before, _, _ := s.before()
	s.drop(&p, slices.DeleteFunc(slices.Clone(s.Installed), func(v fetch.Version) bool {
		return v == s.Active || v == before
	})...)
	p.Changes = append(p.Changes, s.danglingLinks()...)
	return p, s.obstacle(p)
}

// drop adds to p the removal of versions.
func (s Site) drop(p *plan.Plan, versions ...fetch.Version) {
	list := slices.Clone(s.history)
	for _, v := range versions {
		p.Changes = append(append(p.Changes, s.unlink(versionLink(v))...), s.discard(TreePath(v), sourceOf(v)))
		list = slices.DeleteFunc(list, func(name string) bool { return name == v.String() })
	}
	if len(versions) > 0 {
		s.setHistory(p, list)
	}
}

// danglingLinks are the changes that remove the links of versions whose trees somebody else has removed.
func (s Site) danglingLinks() (list []plan.Change) {
	for _, o := range s.journal.Owned {
		name, ok := strings.CutPrefix(o.Target, commands+"/")
		if v, err := fetch.ParseVersion(name); ok && o.Kind == report.Link && err == nil && !slices.Contains(s.Known(), v) {
			list = append(list, s.unlink(versionLink(v))...)
		}
	}
	return list
}

// RemoveAll plans the way back to a host on which tcptune never installed a Go: what stood at [Current] before stands
// there again. What somebody else has changed since is left; left names it.
func (s Site) RemoveAll() (p plan.Plan, left []string, err error) {
	p = plan.Plan{Command: "go remove"}
	profile, errProfile := s.profile()
	switch {
	case errProfile == nil && profile.Status == report.Unchanged && s.owns(profile.Ref()):
		profile.After, profile.Effective, profile.Status, profile.Release = nil, nil, report.Planned, true
		profile.Why = "removed"
		p.Changes = append(p.Changes, profile)
	case errProfile != nil || profile.Status == report.Kept:
		left = append(left, Profile+" was edited, and is left")
	}
	for _, l := range commandLinks() {
		p.Changes = append(p.Changes, s.unlink(l)...)
	}
	switch kept := s.keptFolder(); {
	case s.place != nil && s.Active.IsZero():
		if kept {
			left = append(left, fmt.Sprintf("%s is left as it is, for %s: %s", former, Current, s.stranger()))
		}
	case s.place != nil || kept && s.owns(plan.Ref{Kind: report.Switch, Target: Current}):
		c := s.bringBack()
		if !kept {
			c.After, c.Why = nil, "removed"
		}
		c.Release = true
		p.Changes = append(p.Changes, c)
	}
	for _, v := range s.Known() {
		p.Changes = append(p.Changes, s.unlink(versionLink(v))...)
		if s.has(v) {
			p.Changes = append(p.Changes, s.discard(TreePath(v), sourceOf(v)))
		}
	}
	p.Changes = append(append(p.Changes, s.danglingLinks()...), s.removeTools()...)
	s.dropFolders(&p)
	for i := range p.Changes {
		p.Changes[i].Source = Sources
	}
	for _, o := range s.journal.Owned { // also what somebody else has removed or replaced
		if o.Kind != report.Folder && (o.Source == Sources || strings.HasPrefix(o.Source, Sources+" ")) {
			p.Forget = append(p.Forget, o.Ref())
		}
	}
	s.setHistory(&p, nil)
	return p, left, s.obstacle(p)
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
	if err != nil || text != l.text && text != s.from(l).text {
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
