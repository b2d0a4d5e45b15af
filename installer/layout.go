package installer

import (
	"path"
	"strings"

	"github.com/tcptune/tcptune/installer/fetch"
)

// Where Go is on a host. What tcptune installs is one folder for each version; everything else leads to one of them.
const (
	Versions = "/usr/local/lib/tcptune/go"      // a folder for each version
	Current  = "/usr/local/go"                  // the active one; also where Go's own instructions put a toolchain
	Profile  = "/etc/profile.d/tcptune-go.sh"   // for login shells
	commands = "/usr/local/bin"                 // sudo, cron, zsh and services look there, and do not read the profile
	former   = "/usr/local/go.before-tcptune"   // a folder that stood at Current before, see plan.KeptFolder
	trial    = Versions + "/.trial.tcptune-new" // where a new toolchain is tried out
)

// TreePath is the GOROOT of v.
func TreePath(v fetch.Version) string { return path.Join(Versions, v.String()) }

// currentText is what the link at Current says for v. It is relative, so that it holds in an image as well.
func currentText(v fetch.Version) string { return "lib/tcptune/go/" + v.String() }

// versionAt is the version that a link at p with this text leads to, when that is one of ours.
func versionAt(p, text string) (fetch.Version, bool) {
	rest, ok := strings.CutPrefix(target(p, text), Versions+"/")
	if !ok {
		return fetch.Version{}, false
	}
	name, _, _ := strings.Cut(rest, "/")
	v, err := fetch.ParseVersion(name)
	return v, err == nil
}

// target is where a link at p with this text leads, read as text: other links on the way are not followed.
func target(p, text string) string {
	if path.IsAbs(text) {
		return path.Clean(text)
	}
	return path.Join(path.Dir(p), text)
}

// alias is a name that leads to a program of Go.
type alias struct{ path, text, why string }

// versionLink makes the version known by its own name: the go command looks for "go1.26.3" in PATH before it downloads
// what the toolchain line of a go.mod asks for (https://go.dev/doc/toolchain#select).
func versionLink(v fetch.Version) alias {
	return alias{
		path.Join(commands, v.Toolchain()), "../lib/tcptune/go/" + v.String() + "/bin/go",
		"a go.mod that asks for this version finds it without a download",
	}
}

// from is l as it has to be on the host of s: text is relative, so that it holds in an image as well, and leads nowhere
// where the folder of the link is a link itself.
func (s Site) from(l alias) alias {
	if s.elsewhere {
		l.text = path.Join(path.Dir(l.path), l.text)
	}
	return l
}

func commandLinks() []alias {
	const why = "sudo, cron, services and zsh look here and not into profiles"
	return []alias{
		{path.Join(commands, "go"), "../go/bin/go", why},
		{path.Join(commands, "gofmt"), "../go/bin/gofmt", why},
	}
}
