package whowins

import (
	"slices"
	"strings"
	"syscall"
)

// Failures are the lines that make the tools fail, as far as that is known: then systemd-sysctl.service is in the state
// "failed" after the boot, and "sysctl --system" exits with 1. What stands behind such a line is carried out all the same.
func (f *Forecaster) Failures() (boot, system []Problem) {
	return f.boot.failures(nil), f.system.failures(nil)
}

// failures are those of a run, of which nothing is known but the keys that m names, and keys.
func (m *model) failures(keys []string) []Problem {
	if m == nil {
		return nil
	}
	for _, n := range m.nodes {
		if n.key != "" && !n.exclude && !(m.globs && isGlob(n.path)) {
			keys = append(keys, n.key)
		}
	}
	return m.failuresOf(m.run(keys))
}

func (m *model) failuresOf(r run) []Problem {
	if !m.exitKnown {
		return nil
	}
	found := slices.Clone(m.bad)
	for _, n := range m.nodes {
		if n.key == "" && !n.exclude && !n.ignore && m.dotDotFails && leadsUp(n.path) {
			found = append(found, Problem{Origin: n.origin, Text: "the key leads out of its folder"})
		}
	}
	for _, c := range r.all {
		for _, refusal := range c.refused {
			if m.fails(refusal) {
				text := refusal.Key + " = " + refusal.Value + ": " + refusal.Reason
				found = append(found, Problem{Origin: refusal.Origin, Text: text})
			}
		}
	}
	return found
}

// fails reports whether a refused write makes the tool fail.
func (ru rules) fails(r Refusal) bool {
	if r.IgnoreErrors && ru.dashForgives {
		return false
	}
	return !ru.absenceForgiven || r.Errno != syscall.ENOENT && r.Errno != syscall.EPERM && r.Errno != syscall.EACCES
}

// leadsUp reports whether p has a component "..".
func leadsUp(p string) bool { return slices.Contains(strings.Split(p, "/"), "..") }
