package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/docs/completion"
	"github.com/tcptune/tcptune/docs/schema"
	"github.com/tcptune/tcptune/internal/report"
)

// schemaCommand prints what the package has in /usr/share/doc, which slim images leave out.
func schemaCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "schema",
		Usage:     "print the JSON Schema of what --json prints",
		UsageText: "tcptune schema",
		Description: `It is for validators, and for whoever reads the documents: each field and word is described in it.

Examples:
  tcptune schema
  tcptune schema | jq '.properties | keys'`,
		Action: t.action(func(c *cli.Context) (outcome, error) {
			text := func(w io.Writer) { _, _ = w.Write(schema.V1) }
			return outcome{text: text, asked: true}, noArguments(c)
		}),
	}
}

func completionCommand(t terminal) *cli.Command {
	shells := strings.Join(completion.Shells(), "|")
	return &cli.Command{
		Name:      "completion",
		Usage:     "print the completion script of a shell",
		UsageText: "tcptune completion " + shells,
		ArgsUsage: "SHELL",
		Description: `The package installs these scripts by itself.

Examples:
  source <(tcptune completion bash)
  source <(tcptune completion zsh)
  tcptune completion fish | source`,
		Action: t.action(t.completion),
	}
}

func (t terminal) completion(c *cli.Context) (outcome, error) {
	known := "the shells are " + strings.Join(completion.Shells(), ", ")
	if c.NArg() != 1 {
		return outcome{}, report.Usage(fmt.Sprintf("cannot print the scripts of %d shells: name one", c.NArg()), known)
	}
	script := completion.For(c.Args().First())
	if script == "" {
		return outcome{}, report.Usage(fmt.Sprintf("cannot complete in %q: no script for it", c.Args().First()), known)
	}
	return outcome{asked: true, text: func(w io.Writer) { _, _ = io.WriteString(w, script) }}, nil
}
