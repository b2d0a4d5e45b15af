package provision

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/plan"
	"github.com/tcptune/tcptune/internal/report"
)

// GoSource says where toolchains come from. What is left out is as tcptune.yaml declares, else as Go itself is
// configured.
type GoSource struct {
	Sources                []string // in this order: [Download], [Module]
	Base, Proxy            string   // URLs: of the archives; of module proxies, a list as in GOPROXY
	CAFile, Keyring        string   // what is trusted as well
	File, FileSum, FileSig string   // an archive at hand, its SHA-256, its signature
	ChecksumOnly           bool     // the server's word for the checksum is taken, without a signature
}

// configFrom is what s comes to on the host h of t.
func (t Target) configFrom(ctx context.Context, s GoSource, h host.Host, dry bool) (config fetch.Config, err error) {
	d, err := readDeclared(h)
	if err != nil {
		return config, err
	}
	if err := checkSources(s.Sources); err != nil {
		return config, err
	}
	config = t.config(ctx, d.Go, dry)
	if len(s.Sources) > 0 {
		config.Sources = s.Sources
	}
	if s.Proxy != "" {
		config.Go.Proxy, config.Go.ProxyOf = s.Proxy, ""
	}
	config.Base = cmp.Or(s.Base, config.Base)
	config.CAFile, config.Keyring = cmp.Or(s.CAFile, config.CAFile), cmp.Or(s.Keyring, config.Keyring)
	config.File, config.FileSum, config.FileSig, config.ChecksumOnly = s.File, s.FileSum, s.FileSig, s.ChecksumOnly
	return config, nil
}

// GoVersion asks for a version: by its number or a part of it, or by what a file of a project needs, such as a go.mod. Neither: the latest.
type GoVersion struct {
	Version string
	FromMod string    // a file, "-" for In
	In      io.Reader // standard input
}

func (v GoVersion) wish() (fetch.Wish, error) {
	switch {
	case v.FromMod != "":
		read := func() ([]byte, error) {
			return host.ReadNamed(v.FromMod, host.Bound{Bytes: 128 << 10, Of: "a go.mod file"})
		}
		if v.FromMod == standard {
			read = func() ([]byte, error) { return fromStandard(v.In) }
		}
		text, err := read()
		if err != nil {
			return fetch.Wish{}, named{fmt.Errorf("cannot read --from-mod: %w", err)}
		}
		w, err := fetch.WishFromFile(v.FromMod, text)
		return w, asUsage(err)
	case v.Version != "":
		return parseWish(v.Version)
	}
	return fetch.Wish{}, nil
}

// InstallGo asks for a toolchain, and for tools that are built with it.
type InstallGo struct {
	GoVersion
	Source   GoSource
	Tools    *string // a list; nil: none
	Progress Progress
}

// InstallGo installs a toolchain, verified, and makes it the active one.
func (t Target) InstallGo(ctx context.Context, r InstallGo, dry bool) (out ChangedGo, tools *BuiltTools, err error) {
	var wanted []installer.Tool
	if r.Tools != nil {
		if wanted, err = installer.ParseTools(*r.Tools); err != nil {
			return out, nil, asUsage(err)
		}
	}
	h, err := t.host()
	if err != nil {
		return out, nil, err
	}
	config, err := t.configFrom(ctx, r.Source, h, dry)
	if err != nil {
		return out, nil, err
	}
	wish, err := r.wish()
	if err != nil {
		return out, nil, err
	}
	var known []string
	if !dry {
		if known, err = t.mayChange(); err != nil {
			return out, nil, err
		}
	}
	out, err = t.changeGo(ctx, dry, func(ctx context.Context, h host.Host, at installer.Site) (goChange, error) {
		g, err := planInstall(ctx, h, at, config, wish, false, r.Progress)
		g.notes = append(known, g.notes...)
		return g, err
	})
	if err != nil || len(wanted) == 0 {
		return out, nil, err
	}
	if dry {
		for _, tool := range wanted {
			out.note(fmt.Sprintf("then %s would be built, from %s", tool, tool.Package))
		}
		return out, nil, nil
	}
	tools, err = t.buildTools(ctx, &out.Outcome, config, wanted, r.Progress)
	return out, tools, err
}

// BuiltTools are tools that were built.
type BuiltTools struct {
	Changes []report.Change
	Lines   []string // what is to be said of each
}

// networkNames are the variables by which users say how to reach the network.
func networkNames() []string {
	return []string{
		"HTTPS_PROXY",
		"HTTP_PROXY",
		"NO_PROXY",
		"https_proxy",
		"http_proxy",
		"no_proxy",
		"SSL_CERT_FILE",
		"SSL_CERT_DIR",
	}
}

// errToolsInterrupted is errInterrupted once Go is in place.
var errToolsInterrupted error = &report.Error{
	Code: "interrupted", Message: "cannot build the tools: interrupted; the Go that was installed stays", Hint: "run it again",
}

// buildTools builds tools with the Go that is active by now, as a plan of its own: when it fails, Go stays. o is what
// the installation of Go had to say.
func (t Target) buildTools(
	ctx context.Context,
	o *Outcome,
	config fetch.Config,
	tools []installer.Tool,
	show Progress,
) (built *BuiltTools, err error) {
	s, notes, err := t.openSettled(ctx)
	if err != nil {
		return nil, err
	}
	s.recorded = len(o.Report.Changes)
	defer s.end(o, &err)
	o.note(notes...)
	at, err := installer.Observe(s.host, s.Journal())
	if err != nil {
		return nil, err
	}
	work := installer.Workshop{Config: config, Goroot: installer.TreePath(at.Active), Version: at.Active}
	for _, name := range networkNames() {
		if value := os.Getenv(name); value != "" {
			work.Network = append(work.Network, name+"="+value)
		}
	}
	p, lines, err := at.BuildTools(
		ctx,
		work,
		tools,
		func(tool installer.Tool) { show.Say(fmt.Sprintf("building %s", tool)) },
	)
	if err != nil && ctx.Err() != nil {
		return nil, errToolsInterrupted
	}
	if err != nil {
		return nil, err
	}
	before := o.Report.Changed
	changes, err := s.carry(o, func() ([]plan.Change, error) { return s.Apply(ctx, p) })
	o.Report.Changed = o.Report.Changed || before
	if err != nil {
		return nil, err
	}
	return &BuiltTools{plan.Rows(changes), lines}, nil
}

// BundleGo asks for what a host without a network can be given.
type BundleGo struct {
	GoVersion
	Source   GoSource
	Out      string // the folder that it is put into, and that is made
	Arch     string // "": that of this host
	Progress Progress
}

// BundleGo gets a toolchain with its proofs into a folder, and returns the files.
func (t Target) BundleGo(ctx context.Context, r BundleGo) (out Outcome, files []string, err error) {
	wish, err := r.wish()
	if err != nil {
		return out, nil, err
	}
	h := host.Host{}.WithTrail(t.Trail)
	config, err := t.configFrom(ctx, r.Source, h, false)
	if err != nil {
		return out, nil, err
	}
	if r.Arch == "" {
		if r.Arch, err = fetch.Arch(h); err != nil {
			return out, nil, err
		}
	}
	found, err := config.Resolve(ctx, wish, r.Arch)
	if err != nil {
		return out, nil, err
	}
	defer frugal()()
	defer r.Progress.End()
	names, err := config.Bundle(ctx, found, r.Arch, r.Out, r.Progress.Show)
	if err != nil {
		return out, nil, err
	}
	out = outcome(nil)
	for _, p := range found.Passed {
		out.note(p.Error())
	}
	for _, name := range names {
		files = append(files, filepath.Join(r.Out, name))
	}
	return out, files, nil
}
