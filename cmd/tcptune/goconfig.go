package main

import (
	"cmp"
	"errors"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/installer"
	"github.com/tcptune/tcptune/installer/fetch"
	"github.com/tcptune/tcptune/internal/host"
	"github.com/tcptune/tcptune/internal/report"
)

// cacheFolder keeps lists of releases and what is left of broken downloads.
const cacheFolder = "/var/cache/tcptune"

// goSourceFlags say where toolchains come from. What they leave open is taken from tcptune.yaml, then from Go's own
// configuration.
func goSourceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "source", DefaultText: "download,module", Usage: "get it in these `WAYS`, in this order"},
		&cli.StringFlag{Name: "base", DefaultText: "https://go.dev/dl", Usage: "`URL` of the archives, a mirror for instance"},
		&cli.StringFlag{Name: "proxy", DefaultText: "GOPROXY, as go env has it", Usage: "`LIST` of module proxies"},
		&cli.StringFlag{Name: "ca-file", Usage: "trust the certificates in `FILE`, too"},
		&cli.StringFlag{Name: "keyring", Usage: "trust signatures by the OpenPGP keys in `FILE`, too"},
		&cli.BoolFlag{Name: "insecure-checksum-only", Usage: "take the word of the server for the checksum, without a signature"},
	}
}

// goConfig is where the command gets toolchains from.
func goConfig(c *cli.Context, h host.Host) (fetch.Config, error) {
	d, err := readDeclared(h)
	if err != nil {
		return fetch.Config{}, err
	}
	var wanted declaredGo
	if d != nil {
		wanted = d.Go
	}
	config := wanted.config()
	if list := c.String("source"); list != "" {
		config.Sources = strings.Split(list, ",")
	}
	for name, into := range map[string]*string{
		"base": &config.Base, "proxy": &config.Go.Proxy, "ca-file": &config.CAFile, "keyring": &config.Keyring,
		"file": &config.File, "sha256": &config.FileSum, "signature": &config.FileSig,
	} {
		*into = cmp.Or(c.String(name), *into)
	}
	config.ChecksumOnly = c.Bool("insecure-checksum-only")
	if config.File == "" && config.FileSum+config.FileSig != "" {
		return config, report.Usage("cannot use --sha256 and --signature without --file", "see "+fullName(c)+" --help")
	}
	for _, s := range config.Sources {
		if s != fetch.Download && s != fetch.Module {
			return config, report.Usage("cannot use source \""+s+"\"", "the sources are download and module")
		}
	}
	return config, nil
}

// config is where tcptune.yaml wants toolchains to come from, and where it leaves that open, Go's own configuration.
func (d declaredGo) config() fetch.Config {
	env := fetch.ReadGoEnv(host.Host{}, os.Getenv, installer.Current)
	env.Proxy = cmp.Or(d.Proxy, env.Proxy)
	config := fetch.Config{Sources: d.Source, Base: d.Base, CAFile: d.CAFile, Keyring: d.Keyring, Go: env}
	if os.Geteuid() == 0 {
		config.CacheDir = cacheFolder
	}
	return config
}

// asUsage makes a setting that cannot be used a mistake in the command line.
func asUsage(err error) error {
	var e *report.Error
	if errors.As(err, &e) && e.Code == fetch.BadSetting {
		return report.Usage(e.Error(), e.Hint)
	}
	return err
}
