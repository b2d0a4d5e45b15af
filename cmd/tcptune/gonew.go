package main

import (
	"io"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/installer"
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
	o := outcome{report: envelope(nil, nil)}
	if c.NArg() != 1 || c.Args().First() == "" {
		return o, report.Usage("cannot tell which folder is meant: give one", "see "+fullName(c)+" --help")
	}
	_, at, _, err := lookAtGo(c)
	if err != nil {
		return o, err
	}
	v := at.Newest()
	if v.IsZero() {
		return o, &report.Error{
			Code: installer.NotInstalled, Message: "cannot make a workspace: there is no Go on this host",
			Hint: "run: sudo tcptune go install",
		}
	}
	dir, err := installer.Workspace{Module: c.String("module"), Go: v}.New(c.Args().First())
	if err != nil {
		return o, asUsage(err)
	}
	o.report.Changed = true
	o.text = func(w io.Writer) {
		printf(w, "made %s, for Go %s; next:\n\n", dir, v)
		printf(w, "  cd %s\n  go test ./...\n  go run . -listen 127.0.0.1:8080\n", shellWord(dir))
		printf(w, "  printf 'hello\\n' | nc -N 127.0.0.1 8080      # in another terminal\n\n")
		printf(w, "README.md there has the rest.\n")
	}
	return o, nil
}
