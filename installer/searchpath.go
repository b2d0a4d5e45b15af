package installer

import (
	"os"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tcptune/tcptune/internal/host"
)

// folder is one entry of a PATH.
type folder struct {
	dir    string // what is no absolute path is never searched
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

// find returns the go that a shell with PATH p runs, and the folder that has it; file is "" when none has it.
func (p searchPath) find(h host.Host) (file string, in folder) {
	for _, f := range p {
		if file := path.Join(f.dir, "go"); path.IsAbs(f.dir) && runnable(h, file) {
			return file, f
		}
	}
	return "", folder{}
}

func runnable(h host.Host, file string) bool {
	fi, err := h.Stat(file)
	return err == nil && fi.Mode().IsRegular() && fi.Mode()&0o111 != 0
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

// plain reports whether s can be shown as it is: what a user has chosen must not steer the terminal of root.
func plain(s string) bool {
	return s != "" && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// whose returns the version of the Go that a program called go belongs to, "" when that cannot be told, and who has put
// it on the host. real is what file leads to.
func (s Site) whose(file, real string) (version, by string) {
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
	if os.Geteuid() == 0 && !rootsOwn(goroot) {
		return "", by
	}
	return selfNamed(s.h, goroot), by
}

// rootsOwn reports whether only root puts anything at p: no file that a user may have chosen is opened as root.
func rootsOwn(p string) bool {
	return slices.ContainsFunc([]string{"/usr/", "/opt/", "/snap/"}, func(dir string) bool {
		return strings.HasPrefix(p, dir)
	})
}

// exists reports whether there is anything at p.
func exists(h host.Host, p string) bool {
	_, err := h.Stat(p)
	return err == nil
}
