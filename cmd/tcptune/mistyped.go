package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/tcptune/tcptune/internal/report"
)

// mistyped is about the first word of args that stands where a command has to stand and is none, whatever follows it.
// By itself urfave/cli looks for flags first, and blames one that belongs to the command which it does not find.
func mistyped(app *cli.App, args []string) error {
	group, commands, flags := app.Name, app.Commands, append([]cli.Flag{cli.VersionFlag}, app.Flags...)
	for i, a := range args[min(1, len(args)):] {
		switch {
		case a == "--", len(a) > 1 && a[0] == '-' && knownFlag(flags, a):
			return nil
		case len(a) > 1 && a[0] == '-':
			return unknownFlag(group, a, flags, commands, args[i+2:])
		case a == "help" || a == "h":
			return noTopic(group, commands, args[i+2:])
		}
		c := find(commands, a)
		if c == nil {
			return noCommand(app, group, commands, a, args[i+2:])
		}
		if len(c.Subcommands) == 0 {
			return nil
		}
		group, commands, flags = group+" "+c.Name, c.Subcommands, c.Flags
	}
	return nil
}

// noTopic is about the first word behind "help" that names no command.
func noTopic(group string, commands []*cli.Command, words []string) error {
	for _, word := range words {
		if strings.HasPrefix(word, "-") || len(commands) == 0 {
			return nil
		}
		c := find(commands, word)
		if c == nil {
			return report.Usage(fmt.Sprintf("cannot show help: no help topic for %q", word),
				didYouMean(word, commands, group+" --help lists the commands"))
		}
		group, commands = group+" "+c.Name, c.Subcommands
	}
	return nil
}

func noCommand(app *cli.App, group string, commands []*cli.Command, word string, rest []string) error {
	message := fmt.Sprintf("cannot run %q: no such command", word)
	if group == app.Name {
		if typed := calledElsewhere(app, word, rest); typed != "" {
			return report.Usage(message, "did you mean "+typed+"?")
		}
	}
	return report.Usage(message, didYouMean(word, commands, "the commands are "+strings.Join(names(commands), ", ")))
}

// calledElsewhere is the command line for what other programs call word, or what is a command one level deeper; ""
// where neither is known. A port or a key by itself asks about it.
func calledElsewhere(app *cli.App, word string, rest []string) string {
	port := "PORT"
	for _, r := range rest {
		if !strings.HasPrefix(r, "-") {
			port = shellWord(r)
			break
		}
	}
	switch word {
	case "kill", "free", "fuser":
		return "tcptune port " + port + " --kill"
	case "lsof", "ss", "netstat", "listen":
		return "tcptune port"
	case "undo", "restore", "reset", "unapply":
		return "tcptune revert"
	case "diff", "show", "preview", "dry-run":
		return "tcptune plan"
	case "tune", "set", "commit":
		return "tcptune apply"
	case "doctor", "verify", "test":
		return "tcptune check"
	}
	if n, err := strconv.ParseUint(word, 10, 16); err == nil && n > 0 {
		return "tcptune port " + word
	}
	if strings.HasPrefix(word, "net.") || strings.HasPrefix(word, "tcp_") {
		return "tcptune explain " + shellWord(word)
	}
	var deeper []string
	for _, c := range app.Commands {
		if !c.Hidden && find(c.Subcommands, word) != nil {
			deeper = append(deeper, app.Name+" "+c.Name+" "+word)
		}
	}
	return strings.Join(deeper, " or ")
}

// unknownFlag is about the flag arg, which group does not have; rest follows it.
func unknownFlag(group, arg string, flags []cli.Flag, commands []*cli.Command, rest []string) error {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	message := fmt.Sprintf("cannot use %s: %s has no such flag", dashed(name), group)
	if name == "name" && strings.HasPrefix(group, "tcptune service ") { // install has it
		return report.Usage(message, "the name stands without one: "+group+" SERVICE")
	}
	if len(commands) == 0 {
		return report.Usage(message, flagMeant(name, flags)+"see "+group+" --help")
	}
	if owners := withFlag(group, commands, name); len(owners) > 0 {
		for _, r := range rest { // the command that was meant may follow
			if i := slices.Index(owners, group+" "+r); i >= 0 {
				owners = owners[i:]
			}
		}
		return report.Usage(message, "flags follow their command, as in "+owners[0]+" "+dashed(name))
	}
	return report.Usage(message, flagMeant(name, flags)+group+" --help lists the commands")
}

// withFlag are the commands that have the flag name.
func withFlag(group string, commands []*cli.Command, name string) (owners []string) {
	for _, c := range commands {
		full := group + " " + c.Name
		if !c.Hidden && len(c.Subcommands) == 0 && knownFlag(c.Flags, "--"+name) {
			owners = append(owners, full)
		}
		owners = append(owners, withFlag(full, c.Subcommands, name)...)
	}
	return owners
}

func flagMeant(name string, flags []cli.Flag) string {
	var known []string
	for _, f := range flags {
		for _, n := range f.Names() {
			if len(n) > 1 && !hidden(f) {
				known = append(known, n)
			}
		}
	}
	if meant := report.Near(name, append(known, "help")); meant != "" {
		return "did you mean --" + meant + "? "
	}
	return ""
}

// didYouMean asks for the command that is nearest to word, and says instead what there is.
func didYouMean(word string, commands []*cli.Command, instead string) string {
	if meant := report.Near(word, names(commands)); meant != "" {
		return "did you mean " + meant + "?"
	}
	return instead
}

func names(commands []*cli.Command) (known []string) {
	for _, c := range commands {
		if !c.Hidden {
			known = append(known, c.Name)
		}
	}
	return known
}

func knownFlag(flags []cli.Flag, arg string) bool {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	return name == "help" || name == "h" || flagNamed(flags, name) != nil
}

// dashed is a flag as it is typed: one letter behind one dash, a word behind two.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}
