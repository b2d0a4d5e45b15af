package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"
)

// spread writes short flags that stand together one by one, "-kn" as "-k -n", and where a command takes a signal what
// kill(1) and fuser(1) take for one: "-9" and "-KILL" are "--signal 9" and "--signal KILL". Values are left alone, and
// what is no flag that is known is left to those who name mistakes.
func spread(app *cli.App, args []string) []string {
	if len(args) == 0 {
		return args
	}
	out := []string{args[0]}
	commands, flags := app.Commands, app.Flags
	arguments := false
	for i := 1; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "--":
			return append(out, args[i:]...)
		case len(a) > 1 && a[0] == '-':
			parts := parted(a, flags)
			out = append(out, parts...)
			if takesValue(parts[len(parts)-1], flags) && (len(parts) == 1 || parts[len(parts)-1][0] == '-') && i+1 < len(args) {
				i++
				out = append(out, args[i])
			}
			continue
		}
		if c := find(commands, a); c != nil && !arguments {
			commands, flags = c.Subcommands, c.Flags
		} else {
			arguments = true
		}
		out = append(out, a)
	}
	return out
}

// parted is one word of a command line as the flags that it stands for; it alone where it is one, or none that is known.
func parted(word string, flags []cli.Flag) []string {
	name, _, _ := strings.Cut(word[1:], "=")
	if name == "" || name[0] == '-' || named(flags, name) != nil {
		return []string{word}
	}
	if named(flags, "signal") != nil {
		if _, err := readSignal(word[1:]); err == nil {
			return []string{"--signal", word[1:]}
		}
	}
	var parts []string
	for at := 0; at < len(name); {
		rest := strings.TrimLeft(name[at:], "0123456789")
		if number := strings.TrimSuffix(name[at:], rest); number != "" && named(flags, "signal") != nil { // "-k9"
			parts = append(parts, "--signal", number)
			at += len(number)
			continue
		}
		letter := "-" + name[at:at+1]
		if named(flags, letter[1:]) == nil {
			return []string{word}
		}
		parts = append(parts, letter)
		at++
		if value := word[1+at:]; takesValue(letter, flags) && value != "" {
			return append(parts, strings.TrimPrefix(value, "="))
		}
	}
	return parts
}

func named(flags []cli.Flag, name string) cli.Flag {
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

// readSignal reads a signal as people write it: "TERM", "sigterm", "15".
func readSignal(text string) (unix.Signal, error) {
	return signalNamed(strings.TrimPrefix(strings.ToUpper(text), "SIG"))
}
