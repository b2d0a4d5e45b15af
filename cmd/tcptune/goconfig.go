package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

// goSourceFlags say where toolchains come from. What they leave open is taken from tcptune.yaml, then from Go's own
// configuration.
func goSourceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "source", DefaultText: "download,module", Usage: "get it in these `WAYS`, in this order"},
		&cli.StringFlag{
			Name: "base", DefaultText: "https://go.dev/dl",
			Usage: "`URL` of the archives, a mirror for instance; several, tried in turn, with commas between them",
		},
		&cli.StringFlag{Name: "proxy", DefaultText: "GOPROXY, as go env has it", Usage: "`LIST` of module proxies"},
		&cli.StringFlag{Name: "ca-file", Usage: "trust the certificates in `FILE`, too"},
		&cli.StringFlag{Name: "keyring", Usage: "trust signatures by the OpenPGP keys in `FILE`, too"},
		&cli.BoolFlag{
			Name:  "insecure-checksum-only",
			Usage: "take the word of the server for the checksum, without a signature",
		},
	}
}

// goSource is where the command line wants toolchains to come from.
func goSource(c *cli.Context) (provision.GoSource, error) {
	s := provision.GoSource{
		Base: c.String("base"), Proxy: c.String("proxy"), CAFile: c.String("ca-file"), Keyring: c.String("keyring"),
		File: c.String("file"), FileSum: c.String("sha256"), FileSig: c.String("signature"),
		ChecksumOnly: c.Bool("insecure-checksum-only"),
	}
	if list := c.String("source"); list != "" {
		s.Sources = strings.Split(list, ",")
	}
	if s.File == "" && s.FileSum+s.FileSig != "" {
		return s, report.Usage("cannot use --sha256 and --signature without --file", "see "+fullName(c)+" --help")
	}
	return s, nil
}
