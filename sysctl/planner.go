package sysctl

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/report"
	"github.com/tcptune/tcptune/sysctl/catalogue"
	"github.com/tcptune/tcptune/sysctl/profile"
	"github.com/tcptune/tcptune/sysctl/whowins"

	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
)

// Draft is a plan together with the decisions that it came from: what status shows.
type Draft struct {
	plan.Plan
	survey    *Survey
	profile   profile.Profile
	decisions []decision
	own       File // our file as it is to be
	loads     File // that of the modules
	// Blocked says why the plan cannot be applied: somebody else's file is in the way, or the profile requires what
	// this host cannot have.
	Blocked  error
	forecast *whowins.Forecaster
}

// The codes of what keeps a plan from being applied.
const (
	CodeForeignFile = "foreign-file" // somebody else's file is where tcptune would write
	CodeEditedFile  = "edited-file"  // a file of tcptune was edited since
	CodeRequiredKey = "required-key" // the profile requires what this host cannot have
)

// notOurs says that a file which tcptune would write is somebody else's, or was edited since tcptune wrote it.
func notOurs(code, path, why string) error {
	return &report.Error{
		Code: code, Message: "cannot replace " + path + ": " + why,
		Hint: "move your settings to another file, for instance /etc/sysctl.d/70-local.conf, and remove " + path,
	}
}

// Diff plans what brings the surveyed host to profile p. It only computes.
func Diff(s *Survey, cat *catalogue.Catalogue, p profile.Profile, o Options) (d *Draft, err error) {
	d = &Draft{survey: s, Plan: plan.Plan{Command: "apply"}}
	if s.Live && !cat.Covers(s.Kernel) {
		d.Warnings = append(d.Warnings, fmt.Sprintf(
			"kernel %s is newer than the catalogue, which ends at %s: its defaults are not known and are not relied on",
			s.Kernel,
			cat.Newest(),
		))
	}
	d.Warnings = append(d.Warnings, s.Unread()...)
	others := map[string]string{}
	if d.profile, err = s.reserveNodePorts(cat, p); err != nil {
		return nil, err
	}
	for _, wish := range d.profile.Keys {
		k := entry(cat, wish.Key)
		dec, err := s.decide(k, wish, others)
		if err != nil {
			return nil, err
		}
		if !dec.status.Partial() || dec.status == report.Unknown {
			others[k.Name] = dec.want
		}
		if wish.Required && dec.status.Partial() && dec.status != report.Unknown {
			d.Blocked = &report.Error{
				Code:    CodeRequiredKey,
				Message: fmt.Sprintf("cannot set %s, which the profile requires: %s", k.Name, dec.reason),
			}
		}
		d.decisions = append(d.decisions, dec)
	}
	d.warnUnsettled()
	if err := d.warnNodePorts(cat); err != nil {
		return nil, err
	}
	if err := d.place(); err != nil {
		return nil, err
	}
	d.warnFailures()
	d.planModules()
	if err := d.planFiles(); report.Is(err, CodeForeignFile) || report.Is(err, CodeEditedFile) {
		d.Blocked = err
	} else if err != nil {
		return nil, err
	}
	if err := d.planRetired(); report.Is(err, CodeNotTaken) {
		d.Blocked = err
	} else if err != nil {
		return nil, err
	}
	d.planKnobs()
	d.planReturns(cat)
	if o.LiveQdisc {
		d.planLinks()
	} else {
		d.planLinkReturns()
	}
	d.tell()
	return d, nil
}

// warnUnsettled names the keys of an image whose right value only the machine that boots it can tell: mode raise
// promises never to go below the kernel's own default, which depends on the kernel and the memory.
func (d *Draft) warnUnsettled() {
	var keys []string
	for _, dec := range d.decisions {
		if _, known := d.survey.Default(dec.key); !d.survey.Live && dec.wish.Mode == profile.Raise && dec.line &&
			!known {
			keys = append(keys, dec.key.Name)
		}
	}
	if keys != nil {
		d.Warnings = append(
			d.Warnings,
			"the right size depends on the kernel and the memory that will boot, so run tcptune apply there once: "+strings.Join(
				keys,
				", ",
			),
		)
	}
}

// warnFailures names the lines at which systemd-sysctl.service fails at the next boot. The others are carried out all the
// same, but a unit that has failed hides what else fails there.
func (d *Draft) warnFailures() {
	failures, _ := d.forecast.Failures()
	const most = 3
	for i, f := range failures {
		if i == most {
			d.Warnings = append(d.Warnings, fmt.Sprintf("and %d more lines like that", len(failures)-most))
			return
		}
		d.Warnings = append(d.Warnings, "systemd-sysctl.service will fail at the next boot: "+f.String())
	}
}

// Unread is [Survey.Unread].
func (d *Draft) Unread() []string { return d.survey.Unread() }

// Live reports whether the plan is for a running machine, not for an image.
func (d *Draft) Live() bool { return d.survey.Live }

// Source names who wants the changes of the plan.
func (d *Draft) Source() string { return "profile " + d.profile.Name }

func (d *Draft) add(c plan.Change) { d.Changes = append(d.Changes, c) }

// planModules loads what the wanted values, or the keys themselves, need and the kernel has not got yet.
func (d *Draft) planModules() {
	loaded := "loaded"
	for _, dec := range d.decisions {
		for _, m := range dec.modules() {
			if !dec.write || d.survey.Modules[m] != host.ModuleLoadable {
				continue
			}
			d.add(plan.Change{Change: report.Change{
				Kind: report.Module, Target: m, After: &loaded, Status: report.Planned, Source: d.Source(),
				Why: fmt.Sprintf("%s = %s needs it", dec.key.Name, dec.want), Required: dec.wish.Required,
			}})
		}
	}
	d.Changes = slices.CompactFunc(d.Changes, func(a, b plan.Change) bool { return a.Ref() == b.Ref() })
}

// modules are what the kernel must have loaded before it can have d.
func (d decision) modules() (list []string) {
	for _, m := range []string{d.key.Module, d.key.ModuleFor(d.want)} {
		if m != "" {
			list = append(list, m)
		}
	}
	return list
}

// modulesAtBoot are those that must be loaded before systemd-sysctl runs, so that our lines are taken: it is ordered
// after systemd-modules-load. Without its module a key is not there, so that one is named even where nobody can tell
// whether the kernel that boots has it.
func (s *Survey) modulesAtBoot(decisions []decision) (list []string) {
	for _, dec := range decisions {
		if !dec.line {
			continue
		}
		for _, m := range dec.modules() {
			if s.loadable(m) || m == dec.key.Module && s.Modules[m] == host.ModuleUnknown {
				list = append(list, m)
			}
		}
	}
	return list
}

// planFiles writes the file that makes the values true after a reboot, and the one that loads the modules before it.
func (d *Draft) planFiles() error {
	anyLine := slices.ContainsFunc(d.decisions, func(dec decision) bool { return dec.line })
	if err := d.planFile(d.survey.Loads, d.loads, "these modules must be there before systemd-sysctl runs"); err != nil {
		return err
	}
	why := "keeps the values after a reboot"
	if !anyLine {
		why = "nothing needs to be kept by a file"
	}
	if d.own.Path != d.survey.Own.Path {
		// The new file comes first, so that at no moment none of the two is there.
		if err := d.planNewOwn(why); err != nil {
			return err
		}
		return d.planFile(d.survey.Own, File{Path: d.survey.Own.Path}, "replaced by "+d.own.Path)
	}
	return d.planFile(d.survey.Own, d.own, why)
}

// planNewOwn writes our file under a name that it did not have before, where a file of somebody else may stand.
func (d *Draft) planNewOwn(why string) error {
	is := File{Path: d.own.Path}
	var err error
	if is.Content, err = readOptional(d.survey.reader, is.Path); errors.Is(err, errOdd) {
		is.Odd = err
	} else if err != nil {
		return err
	}
	return d.planFile(is, d.own, why)
}

// loadable reports whether m is a real module, built in ones need no line. A module that is loaded now is one.
func (s *Survey) loadable(m string) bool {
	return s.Modules[m] == host.ModuleLoadable || s.Modules[m] == host.ModuleLoaded
}

// planFile brings one file of ours from is to want. Somebody else's file is never touched.
func (d *Draft) planFile(is, want File, why string) error {
	if is.Content == nil && want.Content == nil ||
		is.Content != nil && want.Content != nil && *is.Content == *want.Content {
		return nil
	}
	o, owned := d.survey.Journal.Find(plan.Ref{Kind: report.File, Target: is.Path})
	switch {
	case is.Odd != nil:
		return &report.Error{
			Code: CodeForeignFile, Message: fmt.Sprintf("cannot replace %s: %v", is.Path, is.Odd),
			Hint: "if it masks the file of tcptune on purpose, run tcptune revert; else remove it",
		}
	case is.Content == nil:
	case !owned && want.Content == nil:
		return nil // not ours, and nothing of ours is to stand there
	case !owned:
		return notOurs(CodeForeignFile, is.Path, "tcptune has no record of having written it")
	case o.Left() == nil || *o.Left() != *is.Content:
		return notOurs(CodeEditedFile, is.Path, "it was edited since tcptune wrote it")
	}
	dir := path.Dir(want.Path)
	if want.Content != nil && !d.survey.Folders[dir] {
		mode := "0755"
		d.survey.Folders[dir] = true
		d.add(plan.Change{Change: report.Change{
			Kind: report.Folder, Target: dir, After: &mode, Status: report.Planned, Required: true,
			Why: "a file of tcptune goes there", Source: d.Source(),
		}})
	}
	d.add(plan.Change{Change: report.Change{
		Kind: report.File, Target: want.Path, Before: is.Content, After: want.Content,
		Status: report.Planned, Why: why, Source: d.Source(), Required: true,
	}})
	return nil
}

func (d *Draft) planKnobs() {
	for _, dec := range d.decisions {
		c := plan.Change{Change: report.Change{
			Kind: report.Knob, Target: dec.key.Name, Status: dec.status, Reason: dec.reason,
			Why: dec.wish.Why, Source: d.Source(), Required: dec.wish.Required,
		}}
		if !dec.key.Ranged() {
			c.Why += "; " + catalogue.NoRange
		}
		want := dec.want
		c.After = &want
		if knob := d.survey.Knobs[dec.key.Name]; knob.Present {
			value := knob.Value
			c.Before = &value
			if !dec.write {
				c.Effective = &value
			}
		} else if dec.write && dec.key.Module != "" {
			c.Needs = plan.Ref{Kind: report.Module, Target: dec.key.Module}
		}
		c.Unknown = d.survey.ours(dec.key) && !d.survey.remembers(dec.key)
		if d.survey.Live && dec.line && c.Before != nil && d.survey.Knobs[dec.key.Name].Unread == nil {
			d.Keep = append(d.Keep, c)
		}
		d.override(&c, dec)
		if !d.survey.Live && c.Status == report.Unchanged {
			continue // an image has no running value: its files are all there is
		}
		d.add(c)
	}
}

// planReturns gives back what tcptune changed and this profile does not want: a switch of profiles is one plan.
func (d *Draft) planReturns(cat *catalogue.Catalogue) {
	for _, o := range d.survey.ownedWithLines() {
		wanted := slices.ContainsFunc(d.decisions, func(dec decision) bool { return dec.key.Name == o.Target })
		if o.Kind != report.Knob || wanted || !d.survey.Live {
			continue
		}
		c, forget := d.survey.giveBack(entry(cat, o.Target), o)
		c.Why, c.Source = "not part of this profile", d.Source()
		if forget {
			d.Forget = append(d.Forget, plan.Ref{Kind: report.Knob, Target: o.Target})
		}
		if why := d.survey.refusedReturn(c); why != "" {
			// No apply can make the host converge, so it is not planned, but said.
			c.Status, c.Reason = report.Refused, why
			d.Warnings = append(
				d.Warnings,
				fmt.Sprintf("%s is not part of this profile, and cannot be given back: %s", o.Target, why),
			)
		}
		d.add(c)
	}
}

// refusedReturn says why the value that c gives back is not taken here, or "".
func (s *Survey) refusedReturn(c plan.Change) string {
	knob := s.Knobs[c.Target]
	switch {
	case !c.Writes():
		return ""
	case knob.Refusal != nil:
		return knob.whyRefused()
	case s.Retry:
		return ""
	}
	return s.Journal.RefusedBefore(c.Target, *c.After, s.BootID)
}
