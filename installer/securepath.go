package installer

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// sudo is secure_path of sudoers(5), as far as plain lines for everybody set it; without one it is
// the PATH of the caller.
func (s Site) sudo(session seeker) seeker {
	k := session
	k.name, k.vars = "sudo", nil
	s.sudoers(&k, "/etc/sudoers")
	return k
}

func (s Site) sudoers(k *seeker, file string) {
	text, err := s.h.ReadAtMost(file, look("a list of sudo's rules"))
	switch {
	case errors.Is(err, fs.ErrPermission):
		k.blind = "cannot read " + file + " without root"
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		k.blind = "cannot read " + file
	}
	plainly := regexp.MustCompile(`^\s*Defaults\s+secure_path\s*=\s*(?:"([^"\\]*)"|([^\s",\\]*))\s*$`)
	included := regexp.MustCompile(`^\s*[@#]include(?:dir)?\s+(\S.*)$`)
	for n, line := range numbered(string(text)) {
		origin := file + ":" + strconv.Itoa(n)
		if m := plainly.FindStringSubmatch(line); m != nil {
			k.assign("PATH", m[1]+m[2], origin)
			k.where = "the secure_path of " + origin + " (visudo)"
			continue
		}
		m := included.FindStringSubmatch(line)
		switch {
		case m != nil && strings.TrimSpace(m[1]) == "/etc/sudoers.d":
			s.dropIns(k, "/etc/sudoers.d")
		case m != nil || strings.Contains(line, "secure_path") && !strings.HasPrefix(strings.TrimSpace(line), "#"):
			k.doubts = append(k.doubts, doubt{origin: origin})
		}
	}
}

// dropIns reads a folder as sudo does: in the order of names, without those that have a dot or end in "~".
func (s Site) dropIns(k *seeker, dir string) {
	names, err := s.h.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		k.blind = "cannot read " + dir + " without root"
	}
	for _, name := range names {
		if !strings.Contains(name, ".") && !strings.HasSuffix(name, "~") {
			s.sudoers(k, path.Join(dir, name))
		}
	}
}
