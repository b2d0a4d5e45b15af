package whowins

import (
	"slices"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

// model is what the files add up to for one tool: the writes that it will do, in order.
type model struct {
	rules
	nodes    []assignment
	listed   map[string]bool // keys that are named, wildcards leave them alone
	excluded []string        // patterns of keys that are left alone
	bad      []Problem       // lines that make the tool fail
	unclear  bool            // a line has no key: whether that makes it fail depends on others that have none
	judge    Kernel          // what writes come to; nil: every value is taken but for those that no key takes
	start    *model          // what has set values before; nil: nothing
}

// collect merges the assignments of all files, in the order of reading, into the writes that a tool carries out.
func (ru rules) collect(list []assignment) *model {
	m := &model{rules: ru, listed: map[string]bool{}}
	if ru.onlyLast {
		list = ru.replace(list)
	}
	if !ru.lastWins {
		list = slices.Clone(list)
		slices.Reverse(list)
	}
	m.nodes = list
	for _, n := range list {
		if n.exclude && isGlob(n.path) && ru.excludeGlobs {
			m.excluded = append(m.excluded, procSys+n.path)
		}
		if n.exclude || ru.explicitWins {
			m.listed[n.path] = true
		}
	}
	return m
}

// NobodyAssigns stands for the file and line where there are none.
const NobodyAssigns = "no file assigns it"

// decide says what becomes of the key at path p, "net/ipv4/tcp_rmem".
func (m *model) decide(p string) Outcome { return m.run([]string{p}).all[0].outcome() }

// run is what happens to some keys while a tool writes.
type run struct {
	all    []*course // those that were asked for, in that order, and those by which they are judged
	byName map[string]*course
}

// run has each of keys meet all that m writes, in its order.
func (m *model) run(keys []string) run {
	r := run{byName: make(map[string]*course, len(keys))}
	for _, p := range keys {
		m.begin(&r, p)
	}
	for i := 0; m.judge != nil && i < len(r.all); i++ {
		for _, other := range m.judge.Needs(r.all[i].p) {
			m.begin(&r, other)
		}
	}
	for i := range m.nodes {
		n := &m.nodes[i]
		if !n.exclude && m.globs && isGlob(n.path) {
			for _, c := range r.all {
				for _, name := range c.names {
					m.meet(n, &r, c, name)
				}
			}
			continue
		}
		name := n.key
		if n.exclude {
			name = n.path
		}
		if c := r.byName[name]; c != nil {
			m.meet(n, &r, c, name)
		}
	}
	return r
}

// meet has c meet the node n by one of its names.
func (m *model) meet(n *assignment, r *run, c *course, name string) {
	match := n.key == name
	switch {
	case n.exclude:
		if n.path == name {
			c.reason = n.origin.String() + " excludes it from wildcards"
			c.lost = shadow(c.lost, c.p, n.earlier...)
		}
		return
	case m.globs && isGlob(n.path):
		var free bool
		match, free = m.matches(n.path, name)
		if match && !free {
			c.lost = shadow(c.lost, c.p, *n)
			return
		}
	}
	if match {
		m.take(r, c, n, name)
	}
}

// matches reports whether the pattern matches the key at p, and whether no other line keeps the pattern off that key.
func (m *model) matches(pattern, p string) (match, free bool) {
	if !m.globBraces || !strings.Contains(pattern, "{") {
		candidate, ok := globKey(pattern, p)
		return ok, ok && !m.keptOff(candidate)
	}
	for _, pattern := range braces(pattern) {
		if candidate, ok := globKey(pattern, p); ok {
			return true, !m.keptOff(candidate)
		}
	}
	return false, false
}

func (m *model) keptOff(candidate string) bool {
	if m.listed[candidate] {
		return true
	}
	if len(m.excluded) == 0 {
		return false
	}
	candidate = procSys + candidate
	return slices.ContainsFunc(m.excluded, func(pattern string) bool { return fnmatch(pattern, candidate) })
}

// refused reports whether the kernel takes the value for an error whatever the key at p is, as far as that can be told:
// a key of the network takes neither nothing at all nor a control character in its first word (blank, tab and newline
// end a word). Only a list of ports can be emptied. Below kernel/ there are free strings, such as core_pattern.
func refused(p, value string) bool {
	if strings.HasPrefix(p, "kernel/") {
		return false
	}
	if value == "" {
		return p != "net/ipv4/ip_local_reserved_ports"
	}
	word, _, _ := strings.Cut(value, " ")
	word, _, _ = strings.Cut(word, "\t")
	return strings.ContainsAny(word, "\r\v\f")
}

func (a assignment) setting(p string) Setting {
	s := Setting{Key: host.SwapSeparators(p), Value: a.value, Origin: a.origin, IgnoreErrors: a.ignore, Exclude: a.exclude}
	if isGlob(a.path) {
		s.Glob = host.SwapSeparators(a.path)
	}
	return s
}

// maxShadowed is how many assignments that lost are named for each key: nobody reads more of them.
const maxShadowed = 100

// shadow adds to what has lost against another assignment of the key at p.
func shadow(lost []Setting, p string, more ...assignment) []Setting {
	for _, a := range more[:min(len(more), maxShadowed-min(len(lost), maxShadowed))] {
		lost = append(lost, a.setting(p))
	}
	return lost
}
