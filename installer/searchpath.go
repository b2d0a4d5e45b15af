package installer

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tcptune/tcptune/internal/host"
)

// folder is one entry of a PATH.
type folder struct {
	dir    string // absolute; what is unknown in it is [unknownText], and what is no absolute path is never searched
	origin string // who put it there, "/etc/environment:1"
}

// searchPath is a PATH that knows where each of its folders comes from.
type searchPath []folder

func (p searchPath) String() string {
	var dirs []string
	for _, f := range p {
		dirs = append(dirs, f.dir)
	}
	return strings.Join(dirs, ":")
}

// becoming is p after an assignment of text at origin: folders that were in p keep their origin.
func (p searchPath) becoming(text, origin string) (next searchPath) {
	for dir := range strings.SplitSeq(text, ":") {
		f := folder{dir, origin}
		if i := slices.IndexFunc(p, func(o folder) bool { return o.dir == dir }); i >= 0 {
			f = p[i]
		}
		next = append(next, f)
	}
	return next
}

// origins names once each who has put the folders of p there.
func (p searchPath) origins() string {
	var list []string
	for _, f := range p {
		if !slices.Contains(list, f.origin) {
			list = append(list, f.origin)
		}
	}
	return strings.Join(list, ", ")
}

// find returns the go that a shell with PATH p runs, and the folder that has it; file is "" when none has it. unsure are
// the folders before it that cannot be judged.
func (p searchPath) find(h host.Host) (file string, in folder, unsure []folder) {
	for _, f := range p {
		switch {
		case f.dir != "" && !plain(f.dir):
			unsure = append(unsure, f)
		case path.IsAbs(f.dir) && runnable(h, path.Join(f.dir, "go")):
			return path.Join(f.dir, "go"), f, unsure
		}
	}
	return "", folder{}, unsure
}

func runnable(h host.Host, file string) bool {
	fi, err := h.Stat(file)
	return err == nil && fi.Mode().IsRegular() && fi.Mode()&0o111 != 0
}

// assignment finds the last line NAME=value of a file that is no script: of pam_env(8), login.defs(5) or crontab(5).
// Nothing is expanded there, a "$PATH" least of all. line is 0 when there is none.
func assignment(text, name string) (value string, line int) {
	n := 0
	for l := range strings.Lines(text) {
		n++
		l = strings.TrimSpace(l)
		l = strings.TrimSpace(strings.TrimPrefix(l, "export "))
		rest, ok := strings.CutPrefix(l, name)
		if !ok {
			continue
		}
		if rest, ok = strings.CutPrefix(strings.TrimSpace(rest), "="); !ok {
			continue
		}
		value, line = unquoted(strings.TrimSpace(rest)), n
	}
	return value, line
}

// unquoted takes one pair of quotes away.
func unquoted(s string) string {
	for _, q := range []string{`"`, `'`} {
		if inner, ok := strings.CutPrefix(s, q); ok {
			inner, _, _ = strings.Cut(inner, q)
			return inner
		}
	}
	return s
}

// plain reports whether s can be shown as it is: what a user has written into a file of his own must not steer the
// terminal of root.
func plain(s string) bool {
	return s != "" && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// whose returns which file a program called go really is, the version of the Go that it belongs to, and who put that
// there.
func (s Site) whose(file string) (real, version, by string) {
	real, err := s.h.Resolve(file)
	if err != nil {
		return file, "", ""
	}
	goroot := path.Dir(path.Dir(real))
	switch {
	case strings.HasPrefix(real, Versions+"/"):
		by = "tcptune"
	case strings.HasPrefix(real, "/usr/lib/go-"):
		by = "apt"
	case strings.HasPrefix(file, "/snap/bin/") || strings.HasPrefix(real, "/snap/"):
		by, goroot = "snap", "/snap/go/current"
	default:
		by = "hand"
	}
	if version = selfNamed(s.h, goroot); !plain(version) {
		version = ""
	}
	return real, version, by
}

// exists reports whether there is anything at p.
func exists(h host.Host, p string) bool {
	_, err := h.Stat(p)
	return err == nil
}

func isFolder(fi fs.FileInfo, err error) bool { return err == nil && fi.IsDir() }
