package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// reorder moves flags before the arguments of their command. urfave/cli stops looking for flags at the first argument
// and ignores the rest in silence, so that "tcptune apply saved.json --dry-run" would change the host.
// What follows "--" is left alone, and kept apart from arguments that come before it by a second one.
func reorder(app *cli.App, args []string) []string {
	if len(args) == 0 {
		return args
	}
	out := []string{args[0]}
	rest := args[1:]
	commands, flags := app.Commands, app.Flags
	for {
		var command *cli.Command
		var own []string
		own, rest, command = scan(rest, flags, commands)
		out = append(out, own...)
		if command == nil {
			return append(out, rest...)
		}
		out = append(out, rest[0])
		rest = rest[1:]
		commands, flags = command.Subcommands, command.Flags
	}
}

// helpOf turns "help go install" into "go install --help". By itself urfave/cli looks at the first name only, and shows
// a group without its commands.
func helpOf(app *cli.App, args []string) []string {
	if len(args) < 3 || args[1] != "help" && args[1] != "h" {
		return args
	}
	commands, names := app.Commands, args[2:]
	for len(names) > 0 {
		c := find(commands, names[0])
		if c == nil {
			break
		}
		commands, names = c.Subcommands, names[1:]
	}
	known := args[2 : len(args)-len(names)]
	switch {
	case len(known) == 0:
		return args
	case len(names) > 0 && commands != nil:
		return slices.Concat(args[:1], known, []string{"help"}, names) // there is no such command, which is said there
	}
	return slices.Concat(args[:1], known, []string{"--help"}, names)
}

// scan takes the flags of one level from args. It stops before the name of a subcommand, which it returns; at the last
// level it returns the flags first and then the arguments.
func scan(args []string, flags []cli.Flag, commands []*cli.Command) (own, rest []string, command *cli.Command) {
	var plain []string
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "--":
			if plain != nil {
				plain = append(plain, "--")
			}
			return append(own, "--"), slices.Concat(plain, args[i+1:]), nil
		case len(a) > 1 && a[0] == '-':
			own = append(own, a)
			if takesValue(a, flags) && i+1 < len(args) {
				i++
				own = append(own, args[i])
			}
		default:
			if c := find(commands, a); c != nil && plain == nil {
				return own, args[i:], c
			}
			plain = append(plain, a)
		}
	}
	return own, plain, nil
}

func takesValue(arg string, flags []cli.Flag) bool {
	name := strings.TrimLeft(arg, "-")
	if strings.Contains(name, "=") {
		return false
	}
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			_, boolean := f.(*cli.BoolFlag)
			return !boolean
		}
	}
	return false
}

func find(commands []*cli.Command, name string) *cli.Command {
	for _, c := range commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

// commandName is the name of the command in args, for an error that comes before any command runs.
func commandName(app *cli.App, args []string) string {
	if len(args) > 1 {
		for _, a := range args[1:] {
			if c := find(app.Commands, a); c != nil {
				return c.Name
			}
		}
	}
	return ""
}

// wantsJSON reports whether args ask for JSON, for errors that come before the flags are parsed.
func wantsJSON(args []string) bool {
	for _, a := range args {
		name, value, given := strings.Cut(a, "=")
		switch name {
		case "--":
			return false
		case "--json", "-json":
			if on, err := strconv.ParseBool(value); on || err != nil || !given {
				return true
			}
		}
	}
	return false
}
