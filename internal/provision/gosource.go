package provision

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
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
func (t Target) InstallGo(ctx context.Context, r InstallGo, dry bool) (out ChangedGo, tools *Tooled, err error) {
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
		for _, note := range usersProxy(config) { // the modules of tools come from there too
			if len(wanted) > 0 && !slices.Contains(g.notes, note) {
				g.notes = append(g.notes, note)
			}
		}
		return g, err
	})
	if err != nil || len(wanted) == 0 {
		return out, nil, err
	}
	if dry {
		tools, err = t.foreseeTools(ctx, &out, config, wanted)
		return out, tools, err
	}
	tools, err = t.buildTools(ctx, &out.Outcome, config, wanted, r.Progress)
	return out, tools, err
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
	if found.Source == Module {
		out.note(usersProxy(config)...)
	}
	for _, p := range found.Passed {
		out.note(p.Error())
	}
	for _, name := range names {
		files = append(files, filepath.Join(r.Out, name))
	}
	return out, files, nil
}
