package sysctl

// procpsSystem reads what "sysctl --system" of procps would read now. It takes the same folders as systemd, always with
// /lib/sysctl.d, then /etc/sysctl.conf, and writes every assignment in the order of reading (releases before 4 while
// reading, later ones at the end).
func (c *confReader) procpsSystem(ru rules, run bool) *model {
	files := c.merged(sysctlDirs(ru, run), ru)
	if ru.globNames {
		var expanded []string
		for _, p := range files {
			expanded = append(expanded, c.expand(p)...)
		}
		files = expanded
	}
	if ru.sysctlConf {
		files = append(files, "/etc/sysctl.conf")
	}
	return ru.collect(c.assignments(files, ru))
}
