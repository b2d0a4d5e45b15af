package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// description is what "tcptune describe" prints of a command, as far as it matters here.
type description struct {
	Name, Usage, Arguments string
	Flags                  []flagDescription
	Commands               []description
	Hidden                 bool
}

type flagDescription struct {
	Name, Value, Usage string
	Aliases            []string
	Repeats, Hidden    bool
}

// describe asks the program of this source what its command line is.
func describe(ctx context.Context) (d description, err error) {
	cmd := exec.CommandContext(ctx, "go", "run", "./cmd/tcptune", "describe")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return d, fmt.Errorf("cannot run tcptune describe: %w", err)
	}
	return d, json.Unmarshal(out, &d)
}

// command is a command as the scripts know it.
type command struct {
	Path     string // "service install"; "" for tcptune itself
	Commands []word // that may follow, without hidden ones
	Flags    []flag // without hidden ones
	Argument string // the placeholder of what may follow, "" for nothing
	Times    []int  // the places in which it may, from 1
}

// flag is a flag with its names as they are typed, the long one first.
type flag struct {
	Names   []string
	Value   string // the placeholder, "" for a flag that takes no value
	Usage   string
	Repeats bool
}

// flatten lists the command and all below it that are not hidden.
func flatten(d description, path string) []command {
	c := command{Path: path, Argument: argument(d.Arguments)}
	for i := range strings.Count(" "+strings.Trim(d.Arguments, "[]"), " "+c.Argument) {
		c.Times = append(c.Times, i+1)
	}
	var below []command
	for _, sub := range d.Commands {
		if !sub.Hidden {
			c.Commands = append(c.Commands, word{sub.Name, sub.Usage})
			below = append(below, flatten(sub, strings.TrimSpace(path+" "+sub.Name))...)
		}
	}
	for _, f := range d.Flags {
		if !f.Hidden {
			c.Flags = append(c.Flags, newFlag(f))
		}
	}
	// What urfave/cli adds by itself.
	c.Flags = append(c.Flags, flag{Names: []string{"--help", "-h"}, Usage: "show help"})
	if path == "" {
		c.Flags = append(c.Flags, flag{Names: []string{"--version", "-v"}, Usage: "print the version"})
		c.Commands = append(c.Commands, word{"help", "show help for a command"})
		below = append(below, helpOn(d, "help")...)
	}
	return append([]command{c}, below...)
}

// helpOn lists "help" and what may follow it: the commands once more, without their flags and arguments.
func helpOn(d description, path string) []command {
	c := command{Path: path}
	var below []command
	for _, sub := range d.Commands {
		if !sub.Hidden {
			c.Commands = append(c.Commands, word{sub.Name, sub.Usage})
			below = append(below, helpOn(sub, path+" "+sub.Name)...)
		}
	}
	return append([]command{c}, below...)
}

func newFlag(d flagDescription) flag {
	f := flag{
		Names:   []string{"--" + d.Name},
		Value:   d.Value,
		Usage:   strings.ReplaceAll(d.Usage, "`", ""),
		Repeats: d.Repeats,
	}
	for _, a := range d.Aliases {
		f.Names = append(f.Names, "-"+a)
	}
	return f
}

// argument is the placeholder in "[PLANFILE]" or "PORT ...". What follows "--" is not ours.
func argument(text string) string {
	name, _, _ := strings.Cut(strings.Trim(text, "[]"), " ")
	return strings.TrimPrefix(name, "--")
}
