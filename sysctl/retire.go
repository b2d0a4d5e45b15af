package sysctl

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/lint"
	"github.com/tcptune/tcptune/sysctl/profile"
	"github.com/tcptune/tcptune/sysctl/whowins"
)

// CodeNotTaken is the code of the error about a file that has lines which the profile does not have.
const CodeNotTaken = "not-taken"

// retired is a hand-written file that is to be moved aside.
type retired struct {
	path, digest string
	lines        []lint.Judged
	unread       string   // why its lines are not all known, or ""
	linked       []string // links that will lead nowhere
}

// ObserveRetired looks at files that are to be moved aside, and from then on makes the forecasts without them. One that
// lies aside already is none.
func (s *Survey) ObserveRetired(h host.Host, cat *catalogue.Catalogue, files []string) error {
	for _, p := range files {
		_, owned := s.Journal.Find(plan.Ref{Kind: report.Retired, Target: p})
		data, err := s.retirable(p)
		switch {
		case errors.Is(err, fs.ErrNotExist) && owned:
			continue
		case err != nil:
			return fmt.Errorf("cannot retire %s: %w", p, host.Cause(err))
		}
		world := lint.Of(h, cat, s.Now)
		world.Facts = s.Facts
		text := lint.Judge(world, []lint.Text{{Name: p, Data: data, Placed: true}})
		s.retired = append(s.retired, retired{
			path: p, digest: plan.DigestOf(data), lines: text[0].Lines, unread: text[0].Unread(), linked: s.linksTo(p),
		})
	}
	if s.retired == nil {
		return nil
	}
	return s.forecastElsewhere()
}

// retirable reads a file that tools of sysctl read, and that is nobody's but the operator's.
func (s *Survey) retirable(p string) ([]byte, error) {
	known := p == "/etc/sysctl.conf" || path.Ext(p) == ".conf" && slices.Contains([]string{"/etc/sysctl.d", "/usr/local/lib/sysctl.d"}, path.Dir(p))
	switch fi, err := s.reader.Lstat(p); {
	case path.Clean(p) != p || !known:
		return nil, errors.New("it is no file that sysctl reads in /etc/sysctl.d, /usr/local/lib/sysctl.d or /etc/sysctl.conf")
	case err != nil:
		return nil, err
	case fi.Mode()&fs.ModeSymlink != 0:
		return nil, errors.New("it is a link: name the file that it leads to")
	case !fi.Mode().IsRegular():
		return nil, host.ErrNotRegular
	case p == s.Own.Path && s.owns(s.Own):
		return nil, errors.New("tcptune has written it")
	}
	if _, err := s.reader.Lstat(plan.RetiredAs(p)); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is there already", plan.RetiredAs(p))
	}
	return s.reader.ReadFile(p)
}

// linksTo are the links in /etc/sysctl.d that lead to the file at p.
func (s *Survey) linksTo(p string) (links []string) {
	names, _ := s.reader.ReadDir(sysctlFolder)
	for _, name := range names {
		link := sysctlFolder + "/" + name
		if _, err := s.reader.Readlink(link); err != nil {
			continue
		}
		if at, err := s.reader.Resolve(link); err == nil && at == p {
			links = append(links, link)
		}
	}
	return links
}

// forecastElsewhere makes the forecast without what tcptune has written once more, see [Survey.bare].
func (s *Survey) forecastElsewhere() error {
	f, err := whowins.NewForecaster(s.bare(), s.versions)
	if err == nil {
		s.Elsewhere = s.judged(f)
	}
	return err
}

// ObserveReturning looks at the files that lie aside: the forecasts of a way back are made with them.
func (s *Survey) ObserveReturning() error {
	for _, o := range s.Journal.Owned {
		if o.Kind != report.Retired {
			continue
		}
		if data, err := s.reader.ReadFile(plan.RetiredAs(o.Target)); err == nil {
			if s.returning == nil {
				s.returning = map[string][]byte{}
			}
			s.returning[o.Target] = data
		}
	}
	if s.returning == nil {
		return nil
	}
	return s.forecastElsewhere()
}

// planRetired moves the files aside, once every line of them that has an effect is in the profile.
func (d *Draft) planRetired() error {
	for _, f := range d.survey.retired {
		if missing := d.notTaken(f); missing != nil {
			return &report.Error{
				Code:    CodeNotTaken,
				Message: fmt.Sprintf("cannot retire %s: not in profile %s: %s", f.path, d.profile.Name, strings.Join(missing, "; ")),
				Hint:    "take these lines into the profile, move them to another file, or correct them; tcptune import " + f.path + " --dry-run tells of each",
			}
		}
		before := f.digest
		d.add(plan.Change{Change: report.Change{
			Kind: report.Retired, Target: f.path, Before: &before, Status: report.Planned, Required: true, Source: d.Source(),
			Why: "its lines are in the profile; it is kept as " + plan.RetiredAs(f.path),
		}})
		for _, link := range f.linked {
			d.Warnings = append(d.Warnings, fmt.Sprintf("%s leads to %s and will lead nowhere", link, f.path))
		}
	}
	for _, o := range d.survey.Journal.Owned {
		if o.Kind == report.Retired && o.Source != d.Source() {
			d.Warnings = append(d.Warnings, fmt.Sprintf("%s lies aside since %s was applied, as %s; tcptune revert brings it back",
				o.Target, o.Source, plan.RetiredAs(o.Target)))
		}
	}
	return nil
}

// mostMissing is how many lines are named of those that keep a file in its place.
const mostMissing = 20

// notTaken names the lines of a file that have an effect which the profile would not have.
func (d *Draft) notTaken(f retired) (missing []string) {
	if f.unread != "" {
		return []string{f.unread}
	}
	last := map[string]int{}
	for i, l := range f.lines {
		if l.Verdict == lint.Good || l.Verdict == lint.Mended || l.Verdict == lint.Bad {
			last[lint.Variable(d.survey.Facts.Catalogue, l.Key)] = i
		}
	}
	for i, l := range f.lines {
		why := ""
		switch l.Verdict {
		case lint.Gone:
			continue
		case lint.Pattern:
			why = "it is about more than one key"
		case lint.Unclear:
			why = "nobody can tell what it sets"
		case lint.Bad:
			why = "the key cannot have the value"
		case lint.Good, lint.Mended:
			if last[lint.Variable(d.survey.Facts.Catalogue, l.Key)] != i {
				continue
			}
			why = d.lacks(l)
		}
		if why == "" {
			continue
		}
		if len(missing) == mostMissing {
			return append(missing, "and more")
		}
		missing = append(missing, fmt.Sprintf("line %d, %s: %s", l.Origin.Line, shorten(l.Written), why))
	}
	return missing
}

// lacks says why the profile does not do what a line does, or returns "".
func (d *Draft) lacks(l lint.Judged) string {
	i := slices.IndexFunc(d.decisions, func(dec decision) bool {
		return lint.Variable(d.survey.Facts.Catalogue, dec.key.Name) == lint.Variable(d.survey.Facts.Catalogue, l.Key)
	})
	if i < 0 {
		if slices.ContainsFunc(l.Findings, func(f report.Finding) bool { return f.Kind == "absent-key" }) && d.survey.Live {
			return "this kernel does not have the key, another one may"
		}
		return "the profile does not have the key"
	}
	dec := d.decisions[i]
	switch {
	case dec.status.Partial():
		return "it cannot be had here: " + dec.reason
	case dec.wish.Mode == profile.ExactMode && !dec.key.Equal(dec.want, l.Value), !dec.wish.Enough(dec.key, dec.want, l.Value):
		return "the profile wants " + shown(dec.want)
	}
	return ""
}

// giveRetiredBack moves a file back that was moved aside.
func (s *Survey) giveRetiredBack(o plan.Owned) (c plan.Change, forget bool) {
	c = plan.Change{
		Change:  report.Change{Kind: report.Retired, Target: o.Target, Status: report.Kept, Required: true},
		Release: true,
	}
	kept := plan.RetiredAs(o.Target)
	data, err := s.reader.ReadFile(kept)
	_, there := s.reader.Lstat(o.Target)
	switch {
	case there == nil:
		c.Reason = "somebody has put another file there since; what was there before is " + kept
		return c, true
	case err != nil:
		c.Reason = fmt.Sprintf("cannot read %s: %v", kept, host.Cause(err))
		return c, true
	case o.Former() == nil || plan.DigestOf(data) != *o.Former():
		c.Reason = kept + " was edited since, so it is left"
		return c, true
	}
	c.After, c.Status = o.Former(), report.Planned
	return c, false
}
