package installer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/templates"
)

// Install plans what makes v the active Go: its tree, which must be staged first (see [Site.Stage] and [NeedsTree]),
// the links that lead to it, and a profile for login shells. It only looks. What somebody else has put in the place of
// one of these is an [report.Error] with code [foreignFile].
func (s Site) Install(ctx context.Context, v fetch.Version) (plan.Plan, error) {
	p := plan.Plan{Command: "go install"}
	tree, err := s.tree(ctx, v)
	if err != nil {
		return p, err
	}
	p.Changes = append(p.Changes, tree)
	return p, s.activate(&p, v)
}

// Use plans the switch to an installed version. One that is not whole is an [report.Error] with code [notWhole].
func (s Site) Use(ctx context.Context, v fetch.Version) (plan.Plan, error) {
	p := plan.Plan{Command: "go use"}
	if err := s.usable(ctx, v); err != nil {
		return p, err
	}
	return p, s.activate(&p, v)
}

// usable is an error unless v is whole.
func (s Site) usable(ctx context.Context, v fetch.Version) error {
	c := s.Look(ctx, v, false)
	if c.Whole() {
		return nil
	}
	return fetch.Fail(notWhole, "to repair it: "+s.repair(v), "cannot use Go %s: it is %s: %s", v, c.State, c.Why)
}

// NeedsTree reports whether p brings the tree of a version.
func NeedsTree(p plan.Plan) bool {
	return slices.ContainsFunc(p.Changes, func(c plan.Change) bool {
		return c.Kind == report.Tree && c.Writes() && c.After != nil
	})
}

// change is one without which the rest is worth nothing.
func change(kind report.Kind, target string, before, after *string, why, source string) plan.Change {
	return plan.Change{Change: report.Change{
		Kind: kind, Target: target, Before: before, After: after, Status: report.Planned, Required: true,
		Why: why, Source: source,
	}}
}

// tree is the change that brings the tree of v, also in the place of a damaged one.
func (s Site) tree(ctx context.Context, v fetch.Version) (plan.Change, error) {
	value := s.treeValue(v)
	c := change(report.Tree, TreePath(v), nil, &value, "the toolchain, beside others", sourceOf(v))
	fi, err := s.h.Lstat(c.Target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c, nil
	case err != nil:
		return c, err
	case !fi.IsDir():
		return c, inTheWay(c.Target, "it is no folder")
	}
	before := plan.UnknownTree
	r, err := readRecord(s.h, c.Target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, ours := s.journal.Find(c.Ref()); !ours {
			return c, inTheWay(c.Target, "tcptune has no record of having made it")
		}
	case err != nil:
		return c, err
	case !s.isTreeValue(r.value, v):
		return c, inTheWay(c.Target, fmt.Sprintf("it holds %s, not %s", r.value, value))
	default:
		before = r.value
	}
	c.Before = &before
	if state := s.Look(ctx, v, false); !state.Whole() {
		value = s.freshValue(v)
		c.Why = fmt.Sprintf("the toolchain, in the place of the one that is %s: %s", state.State, state.Why)
		return c, nil
	}
	c.After, c.Effective, c.Status = &before, &before, report.Unchanged
	return c, nil
}

// activate adds to p what makes v the active version.
func (s Site) activate(p *plan.Plan, v fetch.Version) error {
	switching, err := s.lead(v)
	if err != nil {
		return err
	}
	links := append([]alias{versionLink(v)}, commandLinks()...)
	for i, l := range links {
		c, err := s.link(l)
		if err != nil {
			return err
		}
		if i == 0 {
			c.Source = sourceOf(v)
		}
		p.Changes = append(p.Changes, c)
		if i == 0 { // the commands come after what they lead to
			p.Changes = append(p.Changes, switching)
		}
	}
	profile, err := s.profile()
	p.Changes = append(p.Changes, profile)
	if err != nil {
		return err
	}
	s.makeFolders(p)
	if switching.Writes() {
		s.remember(p, v.String())
	}
	return s.obstacle(*p)
}

// lead is the change that leads Current to v.
func (s Site) lead(v fetch.Version) (plan.Change, error) {
	text := currentText(v)
	c := change(report.Switch, Current, s.place, &text, "the active version", sourceOf(v))
	switch {
	case s.place == nil || !s.Active.IsZero():
	case *s.place != plan.FolderInPlace:
		return c, inTheWay(Current, s.stranger())
	default:
		if _, err := s.h.Stat(path.Join(Current, "bin/go")); err != nil {
			return c, inTheWay(Current, "it is a folder without a toolchain")
		}
		if _, err := s.h.Lstat(former); !errors.Is(err, fs.ErrNotExist) {
			e := inTheWay(former, "a folder was kept there before, and there is another one at "+Current+" now")
			e.Hint = "move away the one that is not needed: " + strings.TrimPrefix(e.Hint, "move it away: ")
			return c, e
		}
		c.Why = "the active version; what stood there is kept in " + former
	}
	if s.place != nil && *s.place == text {
		c.Effective, c.Status = &text, report.Unchanged
	}
	return c, nil
}

// link is the change that makes l. A link of somebody else is left alone when it leads to the same program, and is in
// the way otherwise.
func (s Site) link(l alias) (plan.Change, error) {
	l = s.from(l)
	c := change(report.Link, l.path, nil, &l.text, l.why, Sources)
	fi, err := s.h.Lstat(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	if fi.Mode()&fs.ModeSymlink == 0 {
		return c, inTheWay(l.path, "it was not made by tcptune")
	}
	text, err := s.h.Readlink(l.path)
	if err != nil {
		return c, err
	}
	c.Before = &text
	owned, ours := s.journal.Find(c.Ref())
	switch {
	case target(l.path, text) == target(l.path, l.text):
		c.After, c.Effective, c.Status = &text, &text, report.Unchanged
	case ours && owned.Left() != nil && *owned.Left() == text:
	default:
		return c, inTheWay(l.path, "it is a link of somebody else, to "+text)
	}
	return c, nil
}

// profile is the change that writes the profile for login shells. What an operator has made of it stays.
func (s Site) profile() (plan.Change, error) {
	text, err := templates.FS.ReadFile("go.sh.tmpl")
	if err != nil {
		return plan.Change{}, err
	}
	after := string(text)
	c := change(report.File, Profile, nil, &after, "login shells find it, whatever else their profile puts into PATH",
		Sources)
	now, err := s.h.ReadFile(Profile)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, inTheWay(Profile, err.Error())
	}
	before := string(now)
	c.Before, c.Effective = &before, &before
	owned, ours := s.journal.Find(c.Ref())
	switch {
	case before == after:
		c.Status = report.Unchanged
	case !ours || owned.Left() == nil || *owned.Left() != before:
		c.Status, c.Reason = report.Kept, "it was edited, and stays as it is"
	}
	return c, nil
}

// remember puts into p what was active before next: the journal keeps it for [Site.Rollback].
func (s Site) remember(p *plan.Plan, next string) {
	list := slices.DeleteFunc(slices.Clone(s.history), func(name string) bool { return name == next })
	if now := s.activeName(); now != "" {
		list = append(slices.DeleteFunc(list, func(name string) bool { return name == now }), now)
	}
	s.setHistory(p, list)
}

// setHistory puts list into p as what was active before.
func (s Site) setHistory(p *plan.Plan, list []string) {
	p.Remember = map[string]json.RawMessage{Sources: nil}
	if len(list) > 0 {
		text, _ := json.Marshal(list) // strings can be encoded
		p.Remember[Sources] = text
	}
}

// activeName is what is active in the words of the history: a version, or [plan.FolderInPlace]; "" for nothing.
func (s Site) activeName() string {
	switch {
	case !s.Active.IsZero():
		return s.Active.String()
	case s.place != nil && *s.place == plan.FolderInPlace:
		return plan.FolderInPlace
	}
	return ""
}
