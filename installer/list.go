package installer

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"

	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// The states of a [report.GoVersion].
const (
	StateActive    = "active"
	stateInstalled = "installed"
	stateKept      = "kept"
	stateAvailable = "available"
	StateDamaged   = "damaged" // it is not what was proven, or does not run
	StateUnknown   = "unknown" // whether it is cannot be told
)

// List is every Go that is on the host: those of tcptune, newest first, then those of others.
func (s Site) List(ctx context.Context) []report.GoVersion {
	return slices.Concat(s.Own(ctx, false, s.Known()...), s.byHand(ctx), s.byApt(), s.bySnap())
}

// Known are the versions that tcptune has installed, and the one that is active although it is gone.
func (s Site) Known() []fetch.Version {
	if s.Active.IsZero() || s.has(s.Active) {
		return s.Installed
	}
	return append(slices.Clone(s.Installed), s.Active)
}

// Own are these versions of tcptune, each after a look (see [Site.Look]).
func (s Site) Own(ctx context.Context, full bool, versions ...fetch.Version) (list []report.GoVersion) {
	for _, v := range versions {
		g := report.GoVersion{Target: v.String(), State: stateInstalled, By: "tcptune", Path: TreePath(v)}
		if v == s.Active {
			g.State = StateActive
		}
		if c := s.Look(ctx, v, full); !c.Whole() {
			g.Why = c.Why
			if g.State == StateActive {
				g.Why += "; it is the active one"
			}
			g.State, g.Fix = c.State, s.repair(v)
		}
		if r, err := readRecord(s.h, g.Path); err == nil {
			g.Source, g.URL, g.Digest, g.Verified = r.origin.Source, r.origin.URL, r.origin.Digest, r.origin.Verified
		}
		list = append(list, g)
	}
	return list
}

// repair is what makes v whole again.
func (s Site) repair(v fetch.Version) string {
	return "sudo tcptune go install " + fetch.Names([]fetch.Version{v})[0]
}

// byHand are toolchains that somebody has unpacked.
func (s Site) byHand(ctx context.Context) (list []report.GoVersion) {
	if s.place != nil && s.Active.IsZero() {
		list = append(list, s.unpacked(ctx, Current, StateActive))
	}
	if s.keptFolder() {
		list = append(list, s.unpacked(ctx, former, stateKept))
	}
	return list
}

// unpacked is the toolchain at p, of which nobody has written down what it was.
func (s Site) unpacked(ctx context.Context, p, state string) report.GoVersion {
	g := report.GoVersion{Target: selfNamed(s.h, p), State: state, By: "hand", Path: p}
	var c Condition
	switch program := path.Join(p, "bin/go"); {
	case !runnable(s.h, program):
		c = damaged("there is no program bin/go in it")
	case s.h.Live() && !s.h.OnlyRoots(program):
		c = unknown("its program was not asked: somebody else than root can write to it")
	default:
		c = s.asked(ctx, p, g.Target)
	}
	if !c.Whole() {
		g.State, g.Why = c.State, c.Why
	}
	return g
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
