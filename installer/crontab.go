package installer

import (
	"path"
	"strconv"
	"strings"
)

// cron is the PATH of a job whose crontab says nothing. By crontab(5) it is /usr/bin:/bin, whatever PAM reads; with -P,
// which Ubuntu's unit has, cron(8) hands on its own, which is that of systemd.
func (m *machine) cron() seeker {
	k := seeker{name: "cron", advice: "begin the crontab with PATH=/usr/local/bin:/usr/bin:/bin"}
	if inherits, origin := m.cronInherits(); inherits {
		k.path = searchPath{}.becoming("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "systemd, see -P in "+origin)
		return k
	}
	k.path = searchPath{}.becoming("/usr/bin:/bin", "the default of cron")
	return k
}

func (m *machine) cronInherits() (inherits bool, origin string) {
	for _, file := range []string{"/etc/systemd/system/cron.service", "/usr/lib/systemd/system/cron.service", "/lib/systemd/system/cron.service", "/etc/default/cron"} {
		text, err := m.h.ReadShort(file, profileBytes)
		if err != nil {
			continue
		}
		for _, name := range []string{"ExecStart", "EXTRA_OPTS"} {
			if line, _ := assignment(string(text), name); hasFlag(line, "-P") {
				return true, file
			}
		}
		if path.Base(file) == "cron.service" && !strings.Contains(string(text), "EXTRA_OPTS") {
			return false, ""
		}
	}
	return false, ""
}

func hasFlag(line, flag string) bool {
	for word := range strings.FieldsSeq(line) {
		if word == flag {
			return true
		}
	}
	return false
}

// crontabs are those that set a PATH. In a crontab a value is taken as it is: "$PATH" is no variable there.
func (m *machine) crontabs() (list []seeker) {
	files := map[string]string{"/etc/crontab": "/etc/crontab"}
	order := []string{"/etc/crontab"}
	for _, dir := range []string{"/etc/cron.d", "/var/spool/cron/crontabs"} {
		names, err := m.h.ReadDir(dir)
		if err != nil {
			continue // of users only root may read them
		}
		for _, name := range names {
			file := path.Join(dir, name)
			files[file] = file
			if dir != "/etc/cron.d" {
				files[file] = "crontab of " + name
			}
			order = append(order, file)
		}
	}
	for _, file := range order {
		text, err := m.h.ReadShort(file, 1<<20)
		if err != nil || !plain(file) {
			continue
		}
		value, line := assignment(string(text), "PATH")
		if line == 0 {
			continue
		}
		origin := file + ":" + strconv.Itoa(line)
		list = append(list, seeker{name: files[file], path: searchPath{}.becoming(literal(value), origin)})
	}
	return list
}
