package whowins

import "fmt"

// procpsSystem reads what "sysctl --system" of procps would read now. It takes the same folders as systemd, always with
// /lib/sysctl.d, then /etc/sysctl.conf, and writes every assignment in the order of reading (releases before 4 while
// reading, later ones at the end).
func (c *confReader) procpsSystem(ru rules, run bool) *model {
	var files []string
	var bad []Problem
	for _, p := range c.merged(sysctlDirs(ru, run), ru) {
		opened, gone := c.opened(p, ru)
		if files = append(files, opened...); gone != "" && ru.danglingFails {
			bad = append(bad, Problem{Origin: Origin{File: gone}, Text: "the link leads nowhere"})
		}
		if len(files) > maxFiles {
			const text = "cannot read: with what their names stand for, there are more files than the %d that sysctl can have"
			c.add(Problem{Origin: Origin{File: p}, Text: fmt.Sprintf(text, maxFiles), Unread: true})
			break
		}
	}
	if ru.sysctlConf {
		files = append(files, "/etc/sysctl.conf")
	}
	m := c.collect(files, ru)
	m.bad = append(m.bad, bad...)
	return m
}

// opened returns the files that procps reads for the name p. Where that is a pattern, the first match that cannot be
// opened, gone, ends the list.
func (c *confReader) opened(p string, ru rules) (files []string, gone string) {
	if !ru.globNames {
		return []string{p}, ""
	}
	found := c.expand(p)
	for i, match := range found {
		if c.open(match).gone {
			return found[:i], match
		}
	}
	return found, ""
}
