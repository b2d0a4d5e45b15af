package installer

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/tcptune/tcptune/internal/host"
)

func (m *machine) sudo() bool { return exists(m.h, "/usr/bin/sudo") }

// sudoSeeker is sudo: secure_path of sudoers(5), and without one the PATH of who calls.
func (m *machine) sudoSeeker() (seeker, error) {
	p := sudoers{h: m.h}
	if err := p.read("/etc/sudoers", 0); err != nil {
		return seeker{}, err
	}
	k := seeker{name: "sudo", path: m.session, notes: p.notes}
	if p.value != "" {
		k.path = searchPath{}.becoming(literal(p.value), p.origin)
		k.where = "the secure_path of " + p.origin + " (visudo)"
	}
	return k, nil
}

// sudoers finds the secure_path that holds for everybody.
type sudoers struct {
	h             host.Host
	value, origin string
	notes         []string
}

// sudoersDepth is how deep sudo lets files include each other.
const sudoersDepth = 128

func (p *sudoers) read(file string, depth int) error {
	text, err := p.h.ReadShort(file, 1<<20)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("cannot read %s without root", file)
	case err != nil:
		return fmt.Errorf("cannot read %s", file)
	case depth > sudoersDepth:
		return fmt.Errorf("cannot follow %s: files include each other", file)
	}
	for _, l := range parseSudoers(string(text)) {
		at := file + ":" + strconv.Itoa(l.number)
		switch l.verb {
		case "include":
			err = p.read(path.Join("/etc", path.Clean(relative(l.value))), depth+1)
		case "includedir":
			err = p.readFolder(path.Join("/etc", path.Clean(relative(l.value))), depth+1)
		case "secure_path":
			p.value, p.origin = l.value, at
		case "some":
			p.notes = append(p.notes, at+" sets secure_path for some only")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// relative makes a path one below /etc: that is where sudo looks for a name without a slash in front.
func relative(p string) string {
	if rest, ok := strings.CutPrefix(p, "/etc/"); ok {
		return rest
	}
	if strings.HasPrefix(p, "/") {
		return ".." + p
	}
	return p
}

// readFolder reads a folder as sudo does: in the order of names, without those that have a dot or end in "~".
func (p *sudoers) readFolder(dir string, depth int) error {
	names, err := p.h.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("cannot read %s without root", dir)
	}
	for _, name := range names {
		if strings.Contains(name, ".") || strings.HasSuffix(name, "~") {
			continue
		}
		if err := p.read(path.Join(dir, name), depth); err != nil {
			return err
		}
	}
	return nil
}

// sudoersLine is a line of sudoers(5) that matters here.
type sudoersLine struct {
	number int
	verb   string // "include", "includedir", "secure_path", and "some" for one that is not for everybody
	value  string
}

// parseSudoers finds the lines that include files or set secure_path. Lines that end in a backslash go on.
func parseSudoers(text string) (list []sudoersLine) {
	number, whole, from := 0, "", 1
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(line, "\n")
		if part, ok := strings.CutSuffix(line, `\`); ok && !strings.HasPrefix(strings.TrimSpace(whole+line), "#") {
			whole += part
			continue
		}
		list = append(list, sudoersEntry(strings.TrimSpace(whole+line), from)...)
		whole, from = "", number+1
	}
	return append(list, sudoersEntry(strings.TrimSpace(whole), from)...)
}

func sudoersEntry(line string, number int) []sudoersLine {
	for _, verb := range []string{"includedir", "include"} {
		for _, mark := range []string{"@", "#"} {
			if rest, ok := strings.CutPrefix(line, mark+verb); ok && rest != "" && (rest[0] == ' ' || rest[0] == '\t') {
				return []sudoersLine{{number, verb, unquoted(strings.TrimSpace(rest))}}
			}
		}
	}
	rest, ok := strings.CutPrefix(line, "Defaults")
	if !ok || rest == "" {
		return nil
	}
	at := strings.Index(rest, "secure_path")
	if at < 0 || strings.Contains(rest[:at], "#") {
		return nil
	}
	value := strings.TrimSpace(rest[at+len("secure_path"):])
	value, ok = strings.CutPrefix(value, "=")
	if rest[0] != ' ' && rest[0] != '\t' {
		return []sudoersLine{{number, "some", ""}}
	}
	if !ok { // !secure_path
		return []sudoersLine{{number, "secure_path", ""}}
	}
	if value = strings.TrimSpace(value); !strings.HasPrefix(value, `"`) {
		value, _, _ = strings.Cut(value, ",")
	}
	return []sudoersLine{{number, "secure_path", strings.ReplaceAll(strings.TrimSpace(unquoted(value)), `\:`, ":")}}
}
