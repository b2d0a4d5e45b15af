package main

import (
	"io"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/provision"
	"github.com/tcptune/tcptune/internal/report"
)

func goNewCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "new",
		Usage:     "make a first workspace: a TCP server with limits, from the standard library alone",
		UsageText: "tcptune go new DIR [--module PATH] [--json]",
		ArgsUsage: "DIR",
		Description: `Makes the folder DIR with a module that builds and runs as it is, without a network: a TCP server with a limit of
connections, deadlines and a drain at SIGTERM, its tests, and a README with the next steps. It asks for the Go that is
active here, needs no root, and refuses a folder that is not empty.

Example:
  tcptune go new echo --module example.com/echo`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "module", DefaultText: "the name of DIR", Usage: "call the module `PATH`"},
			jsonFlag(),
		},
		Action: t.action(t.goNew),
	}
}

func (t terminal) goNew(c *cli.Context) (outcome, error) {
	if c.NArg() != 1 || c.Args().First() == "" {
		return outcome{}, report.Usage("cannot tell which folder is meant: give one", "see "+fullName(c)+" --help")
	}
	done, dir, version, err := provision.NewWorkspace(c.Context, c.Args().First(), c.String("module"))
	o := of(done)
	if err != nil {
		return o, err
	}
	o.text = func(w io.Writer) {
		printf(w, "made %s, for Go %s; next:\n\n", dir, version)
		printf(w, "  cd %s\n  go test ./...\n  go run . -listen 127.0.0.1:8080\n", shellWord(dir))
		printf(w, "  printf 'hello\\n' | nc -N 127.0.0.1 8080      # in another terminal\n\n")
		printf(w, "README.md there has the rest.\n")
	}
	return o, nil
}
