package whowins

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// tuned is what TuneD will write when it starts, after systemd-sysctl, ufw and the network. Sources: plugin_sysctl.py,
// profiles/loader.py, locator.py and merger.py of TuneD.
type tuned struct {
	profile []assignment // the sysctl sections of the active profile and of those it includes
	again   *model       // the files that it applies afterwards, nil with reapply_sysctl=0
}

// tunedRules are those by which TuneD reads sysctl.d files itself: no wildcards, no leading dash, and since 2.22 no
// keys with slashes, whose dots and slashes change places in every case. An unknown release is taken for a new one.
func tunedRules(version string) rules {
	swap := version == "" || atLeast(version, "2.22")
	return rules{
		maskByName: true, emptyMasks: true, etcFirst: true, sortByName: true, confSuffix: true, dotFiles: true,
		danglingHide: true, loopsHide: true, comments: true, crEndsLine: true, formFeedSpace: true, firstDecides: true,
		plainDots: !swap, alwaysSwap: swap, dotDot: true, deprecated: true, lastWins: true,
	}
}

func (c *confReader) tunedProfile(version string) *tuned {
	if !c.enabled("tuned.service") {
		return nil
	}
	const active = "/etc/tuned/active_profile"
	names, _ := c.readIfThere(active)
	if strings.TrimSpace(names) == "" {
		c.report(Origin{File: active}, "TuneD is enabled without a profile and will choose one when it starts")
		return nil
	}
	main := c.tunedMain()
	ru := tunedRules(version)
	l := tunedLoader{confReader: c, rules: ru, dirs: tunedDirs(main["profile_dirs"]), variables: map[string]string{}}
	for _, name := range strings.Fields(names) {
		l.load(name, Origin{File: active})
	}
	t := &tuned{profile: l.merge()}
	// Without a sysctl section the plugin does not run, and applies nothing again either.
	if reapply, set := main["reapply_sysctl"]; len(t.profile) > 0 && (!set || tunedTrue(reapply)) {
		t.again = c.tunedAgain(ru, tunedList(main["reapply_sysctl_exclude"]))
	}
	return t
}

// tunedAgain reads what TuneD applies after its profile: /etc/sysctl.d (before it /run/sysctl.d, which a reboot
// empties) and /etc/sysctl.conf, without the keys that match a pattern of reapply_sysctl_exclude (since 2.27).
func (c *confReader) tunedAgain(ru rules, exclude []string) *model {
	if len(exclude) > maxTuned {
		c.tooMany(Origin{File: tunedMainFile}, "patterns")
		return nil
	}
	var list []assignment
	for p := range c.fitting(append(c.merged([]string{"/etc/sysctl.d"}, ru), "/etc/sysctl.conf")) {
		for _, a := range ru.parse(c.open(p).data, c.origin(p), func(Origin, string) {}) {
			matches := func(pattern string) bool { return fnmatch(pattern, host.SwapSeparators(a.path)) }
			if !slices.ContainsFunc(exclude, matches) {
				list = append(list, a)
			}
		}
	}
	return ru.collect(list)
}

const tunedMainFile = "/etc/tuned/tuned-main.conf"

// maxTuned bounds the lists in TuneD's files. A profile of TuneD includes two or three others.
const maxTuned = 256

func (c *confReader) tooMany(at Origin, what string) {
	c.add(Problem{Origin: at, Text: fmt.Sprintf("cannot read: more than %d %s", maxTuned, what), Unread: true})
}

// tunedMain reads TuneD's main configuration.
func (c *confReader) tunedMain() map[string]string {
	text, _ := c.readIfThere(tunedMainFile)
	options := map[string]string{}
	for _, section := range parseTuned(text) {
		for _, o := range section.options {
			options[o.key] = o.value
		}
	}
	return options
}

// afterTuned adds what TuneD does when it starts.
func (f *Forecaster) afterTuned(fc *Forecast, p string) {
	if f.tuned == nil {
		return
	}
	var set *Setting
	for _, a := range f.tuned.profile {
		if a.key == p {
			s := a.setting(p)
			set = &s
		}
	}
	if f.tuned.again != nil {
		if again := f.tuned.again.decide(p); again.Set != nil {
			if set != nil {
				again.Set.Shadowed = append([]Setting{*set}, again.Set.Shadowed...)
			}
			again.Reason = "TuneD applies " + again.Set.Origin.File + " again after its profile (reapply_sysctl), and " +
				again.Set.Origin.String() + " is the last to assign it"
			fc.Reboot, fc.Races = again, nil
			return
		}
	}
	if set == nil {
		return
	}
	before := fc.Reboot
	value, reason := tunedValue(*set, before)
	fc.Races = nil
	if reason != "" {
		fc.Reboot = Outcome{Unknown: true, Reason: reason}
		return
	}
	if value == "" {
		fc.Reboot = before // the profile only demands a limit that holds already
		return
	}
	set.Value = value
	if before.Set != nil {
		lost := *before.Set
		lost.Shadowed = nil
		set.Shadowed = append(slices.Clone(before.Set.Shadowed), lost)
	}
	reason = "TuneD sets it from its active profile, " + set.Origin.String() + ", after all files"
	fc.Reboot = Outcome{Set: set, Reason: reason}
}

// tunedValue works out what TuneD writes where before stands: "=>8" raises and "=<8" lowers to 8, and anything with
// variables that the profile does not define is not known. An empty value with an empty reason says that it leaves
// the key alone.
func tunedValue(s Setting, before Outcome) (value, reason string) {
	value = strings.Trim(s.Value, `"`)
	if strings.Contains(value, "${") {
		return "", fmt.Sprintf("TuneD works the value out from %q when it starts, %s", value, s.Origin)
	}
	if len(value) < 2 || value[0] != '<' && value[0] != '>' {
		return value, ""
	}
	limit, err := strconv.ParseInt(strings.TrimSpace(value[1:]), 10, 64)
	if err != nil {
		return value, "" // TuneD writes it as it is
	}
	have, known := before.Value()
	now, err := strconv.ParseInt(have, 10, 64)
	if !known || err != nil {
		return "", fmt.Sprintf("TuneD compares what it finds with %d and keeps the better one, %s", limit, s.Origin)
	}
	if value[0] == '>' && limit > now || value[0] == '<' && limit < now {
		return strconv.FormatInt(limit, 10), ""
	}
	return "", ""
}

// tunedLoader gathers the profiles in the order in which a later one overrides an earlier one.
type tunedLoader struct {
	*confReader
	rules     rules
	dirs      []string
	done      []string
	looks     int // for profiles, so far
	units     []tunedUnit
	variables map[string]string
}

// tunedUnit is one section of a profile that is for the sysctl plugin.
type tunedUnit struct {
	name    string
	replace bool
	off     bool
	drop    []string // options of the section that it overrides
	options []assignment
}

// tunedDirs are the folders of profiles, the highest first. The option names them from the lowest to the highest.
// Releases before 2.23 have no option, and no "profiles" in between.
func tunedDirs(option string) []string {
	if dirs := tunedList(option); len(dirs) > 0 {
		slices.Reverse(dirs)
		return dirs
	}
	return []string{"/etc/tuned/profiles", "/etc/tuned", "/usr/lib/tuned/profiles", "/usr/lib/tuned"}
}

// load reads a profile after the ones that it includes. A profile in /etc may include the one that it hides: a file is
// not read twice.
func (l *tunedLoader) load(name string, from Origin) {
	for _, dir := range l.dirs {
		if l.looks++; l.looks > maxTuned {
			l.tooMany(from, "places of profiles")
			return
		}
		p := path.Join(dir, path.Base(name), "tuned.conf")
		if slices.Contains(l.done, p) {
			continue
		}
		if _, err := l.Stat(p); err != nil {
			continue
		}
		l.done = append(l.done, p)
		l.profile(p)
		return
	}
	l.report(from, "TuneD's profile "+name+" is not there")
}

func (l *tunedLoader) profile(p string) {
	sections := parseTuned(string(l.open(p).data))
	for _, s := range sections {
		for _, o := range s.options {
			if s.name != "main" || o.key != "include" {
				continue
			}
			for _, include := range tunedList(o.value) {
				l.load(include, Origin{File: p, Line: o.line})
			}
		}
	}
	for _, s := range sections {
		if s.name == "variables" {
			for _, o := range s.options {
				l.variables[o.key] = o.value
			}
			continue
		}
		if unit, ok := s.unit(l.origin(p), l.rules); ok {
			l.units = append(l.units, unit)
		}
	}
}

// merge lays the sections of the same name over each other and expands the variables.
func (l *tunedLoader) merge() []assignment {
	var merged []tunedUnit
	for _, u := range l.units {
		at := slices.IndexFunc(merged, func(m tunedUnit) bool { return m.name == u.name })
		switch {
		case at < 0:
			merged = append(merged, u)
		case u.replace:
			merged[at] = u
		default:
			merged[at].off = u.off
			merged[at].options = slices.DeleteFunc(merged[at].options, func(a assignment) bool {
				return slices.Contains(u.drop, host.SwapSeparators(a.path))
			})
			merged[at].options = append(merged[at].options, u.options...)
		}
	}
	var list []assignment
	for _, u := range merged {
		if u.off {
			continue
		}
		for _, a := range u.options {
			a.value = l.expand(a.value)
			list = append(list, a)
		}
	}
	return list
}

// expand replaces "${name}" by the variable, whose value may have variables too.
func (l *tunedLoader) expand(value string) string {
	for range 10 {
		before, rest, found := strings.Cut(value, "${")
		name, after, closed := strings.Cut(rest, "}")
		v, known := l.variables[name]
		if !found || !closed || !known {
			break
		}
		value = before + v + after
	}
	return value
}
