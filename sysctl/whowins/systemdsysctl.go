package whowins

import "path"

// sysctlDirs are the folders of sysctl.d(5), the highest first.
func sysctlDirs(ru rules, run bool) []string {
	dirs := []string{"/etc/sysctl.d"}
	if run {
		dirs = append(dirs, "/run/sysctl.d")
	}
	dirs = append(dirs, "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d")
	if ru.splitUsr {
		dirs = append(dirs, "/lib/sysctl.d")
	}
	return dirs
}

// systemdSysctl reads what systemd-sysctl would read now, or, without run, after a reboot has emptied /run.
func (c *confReader) systemdSysctl(ru rules, run bool) *model {
	files := c.merged(sysctlDirs(ru, run), ru)
	if ru.sysctlConf {
		files = append(files, "/etc/sysctl.conf")
	}
	if ru.credential {
		if p := c.sysctlExtra(run); p != "" {
			files = append(files, p)
		}
	}
	return c.collect(files, ru)
}

// collect is what the assignments in files add up to.
func (c *confReader) collect(files []string, ru rules) *model {
	var list []assignment
	var bad []Problem
	unclear := false
	for p := range c.fitting(files) {
		list = append(list, ru.parse(c.open(p).data, c.origin(p), func(o Origin, text string) {
			if ru.failsAt(text) {
				bad = append(bad, Problem{Origin: o, Text: text})
			}
			unclear = unclear || text == keyMissing
			c.report(o, text)
		})...)
	}
	m := ru.collect(list)
	m.bad, m.unclear = bad, unclear
	return m
}

// failsAt reports whether a line with that problem makes the tool fail.
func (ru rules) failsAt(problem string) bool {
	return ru.badLineFails && (problem == notAssigned || problem == lineTooLong)
}

// replace keeps one assignment per key, as the ordered hash table of sysctl.c does: a new value goes to the end of the
// table, a repeated one leaves the entry in its first place. The place counts where wildcards overlap.
func (ru rules) replace(list []assignment) []assignment {
	at := map[string]int{}
	kept := make([]assignment, 0, len(list))
	for _, a := range list {
		i, known := at[a.path]
		if !known {
			at[a.path] = len(kept)
			kept = append(kept, a)
			continue
		}
		old := kept[i]
		switch {
		case !ru.lastWins:
			continue
		case a.exclude && !old.exclude && !ru.excludeCancel:
			continue
		}
		a.earlier = append(old.earlier, old)
		if a.exclude == old.exclude && a.value == old.value && ru.keepsPlace {
			a.earlier[len(a.earlier)-1].earlier = nil
			a.ignore = a.ignore || old.ignore
			kept[i] = a
			continue
		}
		a.earlier[len(a.earlier)-1].earlier = nil
		kept[i].path = "" // a hole: the path of no key
		at[a.path] = len(kept)
		kept = append(kept, a)
	}
	out := kept[:0]
	for _, a := range kept {
		if a.path != "" {
			out = append(out, a)
		}
	}
	return out
}

// sysctlExtra returns the file of the credential that systemd-sysctl applies after all other files, or "".
// systemd-sysctl.service asks for it by LoadCredential=, since 254 by ImportCredential=. While the unit is active its
// copy is under /run/credentials; otherwise it comes from the machine's own credentials or a store, systemd.exec(5).
func (c *confReader) sysctlExtra(run bool) string {
	var dirs []string
	if run {
		dirs = append(dirs, "/run/credentials/systemd-sysctl.service", "/run/credentials/@system")
	}
	dirs = append(dirs, "/etc/credstore", "/run/credstore", "/usr/local/lib/credstore", "/usr/lib/credstore")
	for _, dir := range dirs {
		p := path.Join(dir, "sysctl.extra")
		if !run && path.Dir(dir) == "/run" {
			continue
		}
		if _, err := c.Lstat(p); err == nil {
			return p
		}
	}
	for _, dir := range []string{"/etc", "/usr/local/lib", "/usr/lib"} {
		p := dir + "/credstore.encrypted/sysctl.extra"
		if _, err := c.Lstat(p); err == nil {
			c.report(Origin{File: p}, "an encrypted credential may assign keys after all files; it cannot be read here")
		}
	}
	return ""
}
