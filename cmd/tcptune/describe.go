package main

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// description is a command, or tcptune itself, as the manual and the completions need it.
type description struct {
	Name      string            `json:"name"`
	Usage     string            `json:"usage"`     // what it does, in one line
	Synopsis  string            `json:"synopsis"`  // "tcptune port PORT ... [flags]"
	Arguments string            `json:"arguments"` // their placeholders, "[PLANFILE]" or "PORT ..."; "" for none
	Text      string            `json:"text"`      // paragraphs, then "Example:" or "Examples:" and indented command lines
	Flags     []flagDescription `json:"flags"`     // without --help
	Commands  []description     `json:"commands"`  // [] for a command that acts
	Hidden    bool              `json:"hidden"`
}

// flagDescription is one flag.
type flagDescription struct {
	Name    string   `json:"name"`    // without dashes
	Aliases []string `json:"aliases"` // the same
	Value   string   `json:"value"`   // the placeholder, in capitals; "" for a flag that takes no value
	Usage   string   `json:"usage"`   // the placeholder is in backquotes
	Default string   `json:"default"`
	Repeats bool     `json:"repeats"`
	Hidden  bool     `json:"hidden"`
}

// describeCommand prints the command line as data. What is made from it ("make generate") cannot drift from what is
// parsed.
func describeCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "describe",
		Hidden:    true,
		Usage:     "print all commands and flags as JSON, for the manual and the completions",
		UsageText: "tcptune describe",
		Description: `Prints one JSON document with every command, flag and text of the help, hidden ones included.

Example:
  tcptune describe`,
		Action: func(c *cli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			return writeJSON(t.out, commandTree(newApp(t)))
		},
	}
}

func commandTree(app *cli.App) description {
	return description{
		Name: app.Name, Usage: app.Usage, Synopsis: app.UsageText, Text: app.Description,
		Flags: describeFlags(app.Flags), Commands: describeCommands(app.Commands),
	}
}

func describeCommands(commands []*cli.Command) []description {
	list := []description{}
	for _, c := range commands {
		list = append(list, description{
			Name: c.Name, Usage: c.Usage, Synopsis: c.UsageText, Arguments: c.ArgsUsage, Text: c.Description, Hidden: c.Hidden,
			Flags: describeFlags(c.Flags), Commands: describeCommands(c.Subcommands),
		})
	}
	return list
}

func describeFlags(flags []cli.Flag) []flagDescription {
	list := []flagDescription{}
	for _, f := range flags {
		doc, ok := f.(cli.DocGenerationFlag)
		if !ok {
			continue
		}
		_, repeats := f.(*cli.StringSliceFlag)
		d := flagDescription{
			Name: f.Names()[0], Aliases: append([]string{}, f.Names()[1:]...), Usage: doc.GetUsage(),
			Repeats: repeats, Hidden: hidden(f),
		}
		if doc.TakesValue() {
			d.Value, d.Default = placeholder(d.Usage), doc.GetDefaultText()
		}
		list = append(list, d)
	}
	return list
}

func hidden(f cli.Flag) bool {
	v, ok := f.(cli.VisibleFlag)
	return ok && !v.IsVisible()
}

// placeholder is what stands between backquotes in the usage of a flag, as urfave/cli shows it.
func placeholder(usage string) string {
	if _, rest, found := strings.Cut(usage, "`"); found {
		if name, _, found := strings.Cut(rest, "`"); found {
			return name
		}
	}
	return "VALUE"
}
