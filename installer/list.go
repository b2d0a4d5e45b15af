package installer

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// The states of a [report.GoVersion].
const (
	stateActive    = "active"
	stateInstalled = "installed"
	stateKept      = "kept"
	stateAvailable = "available"
)

// List is every Go that is on the host: those of tcptune, newest first, then those of others.
func (s Site) List() (list []report.GoVersion) {
	for _, v := range s.Installed {
		g := report.GoVersion{Target: v.String(), State: stateInstalled, By: "tcptune", Path: TreePath(v)}
		if v == s.Active {
			g.State = stateActive
		}
		if r, err := readRecord(s.h, g.Path); err == nil {
			g.Source, g.URL, g.Digest, g.Verified = r.origin.Source, r.origin.URL, r.origin.Digest, r.origin.Verified
		}
		list = append(list, g)
	}
	return slices.Concat(list, s.byHand(), s.byApt(), s.bySnap())
}

// byHand are toolchains that somebody has unpacked.
func (s Site) byHand() (list []report.GoVersion) {
	if s.place != nil && s.Active.IsZero() {
		list = append(list, report.GoVersion{Target: selfNamed(s.h, Current), State: stateActive, By: "hand", Path: Current})
	}
	if s.keptFolder() {
		list = append(list, report.GoVersion{Target: selfNamed(s.h, former), State: stateKept, By: "hand", Path: former})
	}
	return list
}

// byApt are the packages golang-X.Y-go, whose GOROOT is below /usr/lib.
func (s Site) byApt() (list []report.GoVersion) {
	names, err := s.h.ReadDir("/usr/lib")
	if err != nil {
		return nil
	}
	status, err := s.h.ReadFile("/var/lib/dpkg/status")
	if err != nil {
		return nil
	}
	for _, name := range names {
		series, ok := strings.CutPrefix(name, "go-")
		if !ok {
			continue
		}
		if pkg, ok := host.InstalledPackage(status, "golang-"+series+"-go"); ok {
			at := path.Join("/usr/lib", name)
			version := cmp.Or(selfNamed(s.h, at), pkg.Version)
			list = append(list, report.GoVersion{Target: version, State: stateInstalled, By: "apt", Path: at})
		}
	}
	return list
}

// bySnap is the revision of the snap go that is in use.
func (s Site) bySnap() []report.GoVersion {
	const at = "/snap/go/current"
	if _, err := s.h.Stat(path.Join(at, "bin/go")); err != nil {
		return nil
	}
	return []report.GoVersion{{Target: selfNamed(s.h, at), State: stateInstalled, By: "snap", Path: at}}
}

// selfNamed is the version that the GOROOT at p says it is, in its file VERSION; "" when that does not say, or says
// what cannot be shown.
func selfNamed(h host.Host, p string) string {
	text, err := h.ReadAtMost(path.Join(p, "VERSION"), look("the record of a version"))
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(text), "\n")
	if first = strings.TrimPrefix(strings.TrimSpace(first), "go"); !plain(first) {
		return ""
	}
	return first
}

// Available lists versions that could be installed, newest first, as go list shows them.
func Available(versions []fetch.Version) (list []report.GoVersion) {
	versions = slices.Clone(versions)
	slices.SortFunc(versions, func(a, b fetch.Version) int { return b.Compare(a) })
	for _, v := range versions {
		list = append(list, report.GoVersion{Target: v.String(), State: stateAvailable})
	}
	return list
}
