package provision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// declaredGo is the part of tcptune.yaml about Go.
type declaredGo struct {
	Version string   `yaml:"version"`
	Source  []string `yaml:"source"`
	Base    string   `yaml:"base"`
	Proxy   string   `yaml:"proxy"`
	CAFile  string   `yaml:"ca_file"`
	Keyring string   `yaml:"keyring"`

	wish fetch.Wish // what Version means
}

// cacheFolder is where root keeps what was received of a download that broke.
const cacheFolder = "/var/cache/tcptune"

// config is where toolchains are to come from, and where that is left open, what Go's own configuration says: that of
// who calls, under sudo that of the user, shell and go/env, which are asked for GOPROXY alone, that of the installed
// Go, and what Go has by itself. With dry nothing is kept of what servers say.
func (t Target) config(ctx context.Context, d declaredGo, dry bool) fetch.Config {
	h := host.Host{}.WithTrail(t.Trail)
	env := fetch.ReadGoEnv(h, os.Getenv, installer.Current)
	installed := env.Proxy
	env.Proxy = cmp.Or(d.Proxy, fetch.ReadGoEnv(h, os.Getenv, "").Proxy)
	if u, err := h.Caller(os.Getenv("SUDO_USER")); env.Proxy == "" && os.Geteuid() == 0 && err == nil {
		var origin string
		if env.Proxy, origin = fetch.CallerProxy(ctx, h, u, h.SudoEnv()); env.Proxy != "" {
			env.ProxyOf = fmt.Sprintf("%s, in %s", u.Name, origin)
		}
	}
	env.Proxy = cmp.Or(env.Proxy, installed, t.GoProxy)
	config := fetch.Config{Sources: d.Source, Base: d.Base, CAFile: d.CAFile, Keyring: d.Keyring, Go: env, Trail: t.Trail}
	if os.Geteuid() == 0 && !dry {
		config.CacheDir = cacheFolder
	}
	return config
}

// usersProxy names the proxies that a user has chosen for root.
func usersProxy(config fetch.Config) []string {
	if config.Go.ProxyOf == "" {
		return nil
	}
	return []string{fmt.Sprintf("modules come from %s, by GOPROXY of %s", config.Go.Proxies(), config.Go.ProxyOf)}
}

// checkSources refuses ways to get Go that there are not.
func checkSources(sources []string) error {
	for _, s := range sources {
		if s != fetch.Download && s != fetch.Module {
			return report.Usage(fmt.Sprintf("cannot use source %q", s), "the sources are download and module")
		}
	}
	return nil
}

// drift says that the Go which is declared is not the active one, or nothing.
func (d declaredGo) drift(ctx context.Context, h host.Host, j plan.Journal) (string, error) {
	if d.Version == "" {
		return "", nil
	}
	at, err := installer.Observe(h, j)
	if err != nil {
		return "", err
	}
	v, ok := at.Settled(d.wish)
	switch {
	case ok && v == at.Active:
		c := at.Look(ctx, v, false)
		if c.Whole() {
			return "", nil
		}
		return fmt.Sprintf("Go %s is declared, and the active %s is %s: %s", d.wish, v, c.State, c.Why), nil
	case at.Active.IsZero():
		return fmt.Sprintf("Go %s is declared, and none of tcptune is active", d.wish), nil
	}
	return fmt.Sprintf("Go %s is declared, and %s is active", d.wish, at.Active), nil
}

// withGo adds to the draft of the tuning what makes the Go that is declared the active one.
func (d *draft) withGo(
	ctx context.Context, t Target, h host.Host, j plan.Journal, declared declaredGo, dry bool, show Progress,
) error {
	if declared.Version == "" {
		return nil
	}
	at, err := installer.Observe(h, j)
	if err != nil {
		return err
	}
	g, err := planInstall(ctx, h, at, t.config(ctx, declared, dry), declared.wish, true, show)
	if err != nil {
		return err
	}
	d.Changes = append(d.Changes, g.plan.Changes...)
	d.Remember = g.plan.Remember
	d.Warnings = append(d.Warnings, g.notes...)
	if !g.plan.Empty() {
		d.ready = g.ready
	}
	return nil
}

// goChange is a change of toolchains that is planned.
type goChange struct {
	plan  plan.Plan
	notes []string
	ready func(ctx context.Context) error // makes ready what the plan needs; nil for nothing
	after func(host.Host) error           // tidies up when all is done; nil for nothing
	done  string                          // what to say when all is as wanted
	lists fetch.Version                   // what to tell of in the report, when that is installed; none for the zero value
}

// Step is how far a download is, and of which source.
type Step = fetch.Progress

// The sources that a [Step] may name; any other is a file.
const (
	Download = fetch.Download
	Module   = fetch.Module
)

// Progress is told how far a download is.
type Progress struct {
	Show func(Step)
	End  func()            // nothing more is shown of it; it may be called twice
	Say  func(line string) // where it came from
}

// fetched says where a toolchain came from, and what proved it.
func (p Progress) fetched(v fetch.Version, o fetch.Origin) {
	p.End()
	for _, passed := range o.Passed {
		p.Say("passed over: " + passed.Error())
	}
	p.Say(fmt.Sprintf("Go %s from %s, verified by %s", v, o.URL, strings.Join(o.Verified, ", ")))
}

// planInstall plans the installation of what is wished for. With enough, a version that is active and fulfils the wish
// does, although there may be a newer one.
func planInstall(
	ctx context.Context, h host.Host, at installer.Site, config fetch.Config, wish fetch.Wish, enough bool, show Progress,
) (g goChange, err error) {
	r := fetch.Resolved{}
	v, settled := at.Settled(wish)
	_, exact := wish.Exact()
	resolve := !settled || !enough && !exact
	if !resolve {
		if c := at.Look(ctx, v, false); !c.Whole() { // it is fetched again, as it is
			r.Version, resolve = v, config.File != ""
		}
	}
	if resolve {
		arch, err := fetch.Arch(h)
		if err != nil {
			return g, err
		}
		if r, err = config.Resolve(ctx, wish, arch); err != nil {
			return g, orFromFile(err)
		}
		v = r.Version
		for _, p := range r.Passed {
			g.notes = append(g.notes, p.Error())
		}
		g.notes = append(g.notes, r.Doubts...)
	}
	if g.plan, err = at.Install(ctx, v); err != nil {
		return g, err
	}
	notes := g.notes
	g = switching(h, g.plan, v)
	g.notes = notes
	if !installer.NeedsTree(g.plan) {
		return g, nil
	}
	if err := config.FileThere(); err != nil {
		return g, asUsage(err)
	}
	if config.File == "" && config.Uses(fetch.Module) {
		g.notes = append(g.notes, usersProxy(config)...)
	}
	if !h.Live() {
		g.notes = append(g.notes, "an image runs nothing: the new Go is not tried out")
	}
	g.ready = func(ctx context.Context) error {
		defer show.End()
		defer frugal()()
		o, err := at.Stage(ctx, config, r, show.Show)
		if err == nil {
			show.fetched(v, o)
			if doubt := doubtLatest(o.Made); wish == (fetch.Wish{}) && doubt != "" {
				show.Say(doubt)
			}
		}
		return orFromFile(err)
	}
	return g, nil
}

// oldLatest is the age of a latest release of which one must doubt that it is the latest: there is one each month.
const oldLatest = 90 * 24 * time.Hour

// doubtLatest says why a release, made at that time, may not be the latest; "" where nothing speaks against it.
// Releases before Go 1.21 do not tell when they were made.
func doubtLatest(made time.Time) string {
	const doubt = ": where it comes from may be behind"
	switch age := time.Since(made); {
	case made.IsZero():
		return "this latest release does not say when it was made, as none does before Go 1.21" + doubt
	case age > oldLatest:
		return fmt.Sprintf("this latest release was made %d days ago%s", age/(24*time.Hour), doubt)
	}
	return ""
}

// switching is a change that makes v the active one.
func switching(h host.Host, p plan.Plan, v fetch.Version) goChange {
	greet := func(ctx context.Context) error { return installer.Greet(ctx, h, installer.TreePath(v), v) }
	return goChange{plan: p, ready: greet, done: fmt.Sprintf("Go %s is active", v), lists: v}
}

// orFromFile adds to the hint of an error about sources that cannot be reached which way needs none of them.
func orFromFile(err error) error {
	var e *report.Error
	if errors.As(err, &e) && e.Code == fetch.Unreachable {
		if e.Hint != "" {
			e.Hint += "; "
		}
		e.Hint += "without a network: tcptune go bundle --out DIR on a host that has one, then tcptune go install --file ARCHIVE here"
	}
	return err
}

// fetchMemory is the bytes of heap from which garbage is collected while a toolchain passes through: main asks for none
// below a limit that suits commands which only look.
const fetchMemory = 48 << 20

// frugal keeps the memory of a download small until the returned function is called.
func frugal() (end func()) {
	before := debug.SetMemoryLimit(fetchMemory)
	return func() { debug.SetMemoryLimit(before) }
}

// errInterrupted is what becomes of an error that an interrupt has brought about.
var errInterrupted error = &report.Error{
	Code: "interrupted", Message: "cannot go on: interrupted; nothing was changed", Hint: "run it again",
}

func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

// installed lists the toolchains of v that tcptune has installed.
func (s session) installed(ctx context.Context, v fetch.Version) []report.GoVersion {
	at, err := installer.Observe(s.host, s.Journal())
	if err != nil || v.IsZero() {
		return nil // the change was made, and that it cannot be looked at is for the next command to say
	}
	return at.Own(ctx, false, v)
}
